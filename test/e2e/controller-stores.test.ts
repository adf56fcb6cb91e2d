import { join } from 'node:path';
import { type GuardTargets, guardTargets, loop, proposalList } from '@flyball/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type RunningClickHouse,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import {
  GUARD_TOKEN,
  type RunningController,
  Stores,
  startController,
  writePolicy,
} from '../support/controller.ts';
import { Operator } from '../support/operator.ts';
import { startPostgres } from '../support/postgres.ts';
import { ManagerDouble } from '../support/process-manager.ts';
import { until } from '../support/until.ts';

/** What the controller does while a store is away: nothing dangerous, and it says so. */
const directory = temporaryDirectory();
const policies = join(directory, 'policies');
let manager: ManagerDouble;
let stores: Stores;
let clickhouse: RunningClickHouse;
let controller: RunningController;
let operator: Operator;
let stopReporting: () => void;
let load = 1;

const POLICY = (url: string) => `
apiVersion: flyball/v1
kind: Policy
metadata: { name: checkout }
spec:
  service: checkout
  loops:
    replicas:
      law: { pid: { signal: worker.utilization, setpoint: 60% } }
      every: 500ms
      limits: { min: 2, max: 50 }
      actuator: { processes: { url: "${url}" } }
      autonomy: ask
    rate:
      law: { latencyBand: { p99: 100ms } }
      limits: { min: 10, max: 100 }
      actuator: { guard: {} }
      autonomy: shadow
  observe: { window: 5s }
  guards: { evidenceMaxAge: 5s }
`;

const sync = (token = GUARD_TOKEN) =>
  fetch(`${controller.url}/api/guard/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      guard: 'gateway-1',
      service: 'checkout',
      appliedVersion: null,
      applied: { ratePerSecond: null, weights: {} },
      instances: [{ instance: 'checkout-1', healthy: true, startedAtMs: 1 }],
      seen: { windowMs: 1_000, accepted: 10, rejected: 0 },
    }),
    signal: AbortSignal.timeout(10_000),
  });

const reasonOf = async () =>
  (await operator.get('/api/loops/checkout/replicas', loop)).last?.reason ?? '';

const ready = async () => (await fetch(`${controller.url}/health/ready`)).status;

beforeAll(async () => {
  manager = await ManagerDouble.start();
  stores = await Stores.start(directory);
  clickhouse = stores.clickhouse;
  writePolicy(policies, POLICY(manager.url));
  controller = await startController({ stores, policiesDir: policies, dataDir: directory });
  stopReporting = stores.reportUtilization(() => load / manager.desired);
  operator = new Operator(controller.url);
  await until('the first sign-in link', 20_000, () => operator.redeemFirstLink(directory));
}, 120_000);

afterAll(async () => {
  stopReporting?.();
  await controller?.program.stop();
  await clickhouse?.program.stop();
  await stores?.postgres.program.stop();
  await manager?.stop();
  removeDirectory(directory);
});

test('a guard with the token is told its targets, one without it nothing', async () => {
  const answer = await sync();
  expect(answer.status).toBe(200);
  const targets: GuardTargets = guardTargets.parse(await answer.json());
  expect(targets).toMatchObject({ version: 0, ratePerSecond: null, weights: {} });
  expect((await sync('another token of some length')).status).toBe(401);
  expect(await ready()).toBe(200);
});

test('without ClickHouse loops hold with their reason, and go on when it is back', async () => {
  load = 1.9;
  await until('a proposal waits', 30_000, async () => {
    const { proposals } = await operator.get('/api/proposals?state=pending', proposalList);
    return proposals.length === 1;
  });
  const port = new URL(clickhouse.url).port;
  await clickhouse.program.stop('SIGKILL');
  await until('the loop holds', 20_000, async () => /^(evidence|no-evid)/.test(await reasonOf()));
  expect(await ready()).toBe(503);
  // What was proposed on good evidence waits for a person or for its end, and is not repeated.
  const { proposals } = await operator.get('/api/proposals', proposalList);
  expect(proposals.filter(({ state }) => state === 'pending')).toHaveLength(1);
  expect((await sync()).status).toBe(200);
  clickhouse = await startClickHouse(directory, { FLYBALL_CLICKHOUSE_PORT: port });
  await until('the loop goes on', 30_000, async () => !/evid/.test(await reasonOf()));
  expect(await ready()).toBe(200);
}, 120_000);

test('without PostgreSQL nothing is decided, and everything goes on when it is back', async () => {
  const waiting = await until('a proposal waits', 30_000, async () => {
    const { proposals } = await operator.get('/api/proposals?state=pending', proposalList);
    return proposals[0];
  });
  const changes = manager.changes.length;
  const { port } = stores.postgres;
  await stores.postgres.program.stop('SIGKILL');
  process.kill(stores.postgres.serverPid, 'SIGKILL');
  await until('it is not ready', 15_000, async () => (await ready()) === 503);
  const path = `/api/proposals/${waiting.id}/approve`;
  const key = { 'idempotency-key': 'while-away' };
  const answer = await operator.send('POST', path, { digest: waiting.digest }, key);
  expect(answer.status).toBe(503);
  expect((await sync()).status).toBe(503);
  expect(manager.changes).toHaveLength(changes);
  const postgres = await startPostgres(directory, { FLYBALL_POSTGRES_PORT: String(port) });
  Object.assign(stores, { postgres });
  await until('it is ready again', 30_000, async () => (await ready()) === 200);
  // The same request again, under the same key: it counts now, once.
  const again = await until('the approval counts', 30_000, async () => {
    const { proposals: now } = await operator.get('/api/proposals?state=pending', proposalList);
    const [one] = now;
    if (one === undefined) return false;
    const voted = await operator.send(
      'POST',
      `/api/proposals/${one.id}/approve`,
      { digest: one.digest },
      key,
    );
    return voted.status === 200 && one;
  });
  await until('it is carried out', 30_000, () => manager.desired === again.after);
  expect(manager.changes.filter((change) => change.key === again.id)).toHaveLength(1);
}, 120_000);

import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type Action, actionList, type Proposal, proposalList } from '@flyball/contract';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { keepLog } from '../support/artifacts.ts';
import { Customer } from '../support/customer.ts';
import { shortenedPolicies } from '../support/demo-policies.ts';
import { Operator } from '../support/operator.ts';
import { choosePassword } from '../support/people.ts';
import { type RunningProgram, startProgram } from '../support/process.ts';
import { Shop } from '../support/shop.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/**
 * The golden rule: a control plane that is away must not hurt the shop. Its gateway keeps the last
 * targets until their lifetime ends, then falls back to safe defaults, and follows again later.
 */
const LIFETIME_MS = 12_000;
const LEASE_MS = 4_000;
const PASSWORD = 'a password of a test';

let stack: Stack;
let shop: Shop;
let operator: Operator;
let customer: Customer;
let policies: string;
let database: pg.Client;
/** Ids of processes that were stopped and have to go on before they can end. */
const paused = new Set<number>();
let standby: RunningProgram | undefined;

beforeAll(async () => {
  policies = shortenedPolicies(({ metadata, spec }) => {
    const loops = (spec.loops ?? {}) as Record<string, Record<string, unknown>>;
    for (const name of ['rate', 'weights']) {
      const loop = loops[name];
      if (loop !== undefined) loop.lifetime = `${LIFETIME_MS / 1_000}s`;
    }
    // A floor of three where two run: this loop has something to propose at once.
    if (metadata.name === 'inventory') Object.assign(loops.replicas?.limits ?? {}, { min: 3 });
  });
  stack = await startStack({
    verb: 'demo',
    args: ['--policies', policies],
    env: { FLYBALL_CYCLE: '1s', FLYBALL_LEASE: `${LEASE_MS}ms`, FLYBALL_DEMO_RATE: '40' },
  });
  shop = new Shop(stack);
  operator = await Operator.first(stack);
  await choosePassword(operator, PASSWORD);
  database = new pg.Client({ connectionString: stack.urls.postgres });
  await database.connect();
  await until('the shop sells', 60_000, async () => (await shop.buy()) === 200);
  customer = new Customer(stack.urls.demoGateway);
}, 200_000);

afterAll(async () => {
  await customer?.leave();
  await standby?.stop();
  await database?.end();
  keepLog(stack, 'stack-controller-away');
  await stack?.stop();
  rmSync(policies, { recursive: true, force: true });
});

/** Whatever a test left asleep must not fail the next one. */
afterEach(() => {
  for (const pid of paused) resume(pid);
});

const guardAnswer = z.object({
  guards: z.array(
    z.object({
      service: z.string(),
      state: z.enum(['waiting', 'following', 'expired']),
      version: z.number().nullable(),
      expiresInMs: z.number().nullable(),
      ratePerSecond: z.number().nullable(),
      weights: z.record(z.string(), z.number()),
    }),
  ),
});

async function guard() {
  const { guards } = guardAnswer.parse(await shop.guard());
  const found = guards.find(({ service }) => service === 'checkout');
  if (found === undefined) throw new Error('the gateway guards no checkout');
  return found;
}

function pause(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  paused.add(pid);
}

function resume(pid: number): void {
  process.kill(pid, 'SIGCONT');
  paused.delete(pid);
}

/** Nobody was turned away in a way that a busy shop would not. */
function expectServed(fromMs: number): void {
  const { visits, served, late, failed } = customer.counts(fromMs);
  expect(failed).toEqual([]);
  expect(late.length / visits).toBeLessThan(0.02);
  expect(served / visits).toBeGreaterThan(0.8);
}

test('targets outlive their controller; then safe defaults; then followed again', async () => {
  const { instances } = await shop.service('checkout');
  const slow = instances.find(({ state }) => state === 'running')?.instance ?? '';
  const fault = await shop.fault({ kind: 'slow-instance', instance: slow, magnitude: 12 });
  await until('traffic leaves the slow one', 90_000, async () => {
    const { weights, state } = await guard();
    return state === 'following' && (weights[slow] ?? 1) < 0.7;
  });

  const controller = stack.pid('controller') ?? 0;
  pause(controller);
  const pausedAtMs = performance.now();
  // Nobody is left to notice: the targets have to stay as they were.
  await shop.endFault(fault);
  // What was on its way when it stopped has arrived by the next poll.
  await until('the gateway misses it', 10_000, async () => {
    const text = JSON.stringify(await shop.guard());
    return /did not answer|away/.test(text);
  });
  const last = await guard();
  expect(last.state).toBe('following');
  const seen = new Set<string>();
  await until('the lifetime ends', LIFETIME_MS + 10_000, async () => {
    const { state, version, weights, ratePerSecond } = await guard();
    if (state === 'expired') return true;
    seen.add(JSON.stringify({ state, version, weights, ratePerSecond }));
    return false;
  });
  const heldMs = performance.now() - pausedAtMs;
  expect(heldMs).toBeGreaterThan(LIFETIME_MS - 4_000);
  expect(heldMs).toBeLessThan(LIFETIME_MS + 4_000);
  const { state, version, weights, ratePerSecond } = last;
  expect([...seen]).toEqual([JSON.stringify({ state, version, weights, ratePerSecond })]);

  const defaults = await guard();
  expect(defaults.ratePerSecond).toBeNull();
  expect(new Set(Object.values(defaults.weights))).toEqual(new Set([1]));
  expectServed(pausedAtMs);

  resume(controller);
  await until('it is followed again', 60_000, async () => {
    const now = await guard();
    return now.state === 'following' && (now.version ?? 0) >= (last.version ?? 0);
  });
  expect(stack.pid('controller')).toBe(controller);
  expectServed(pausedAtMs);
}, 300_000);

const fenceOf = async () => {
  const { rows } = await database.query<{ holder: string; fence: string }>(
    `SELECT holder, fence FROM lease WHERE name = 'controller' AND expires_at > now()`,
  );
  return rows[0] === undefined ? null : { ...rows[0], fence: Number(rows[0].fence) };
};

/** A second controller on the same stores, with the environment the first one was given. */
async function startStandby(): Promise<{ program: RunningProgram; url: string }> {
  const { urls, dataDir } = stack;
  const program = startProgram('apps/controller/dist/main.js', {
    DATABASE_URL: urls.postgres,
    CLICKHOUSE_URL: urls.clickhouse,
    FLYBALL_CONTROLLER_PORT: '0',
    FLYBALL_DATA_DIR: dataDir,
    FLYBALL_POLICIES: policies,
    FLYBALL_GUARD_TOKEN: shop.token(),
    FLYBALL_DEMO_PORT: new URL(urls.demo).port,
    FLYBALL_CYCLE: '1s',
    FLYBALL_LEASE: `${LEASE_MS}ms`,
    OTEL_EXPORTER_OTLP_ENDPOINT: urls.otlpHttp,
  });
  const line = await program.line((entry) => entry.msg === 'controller listens');
  return { program, url: String(line.url) };
}

async function pendingFor(loopId: string): Promise<Proposal> {
  return until(`a proposal for ${loopId}`, 60_000, async () => {
    const { proposals } = await operator.get('/api/proposals?state=pending', proposalList);
    return proposals.find((one) => one.loopId === loopId);
  });
}

test('a leader that was paused past its lease applies nothing when it wakes', async () => {
  const first = await until('a leader', 20_000, fenceOf);
  const second = await startStandby();
  standby = second.program;
  const pending = await pendingFor('inventory/replicas');
  const versionBefore = (await shop.service('inventory')).version;

  // The first sleeps with the lease in its hands; a person approves at the second meanwhile.
  const sleeper = stack.pid('controller') ?? 0;
  pause(sleeper);
  const { id, digest } = pending;
  const person = new Operator(second.url);
  await person.signIn('admin', PASSWORD);
  const path = `/api/proposals/${id}/approve`;
  const answer = await person.send('POST', path, { digest }, { 'idempotency-key': randomUUID() });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const taken = await until('the second leads', LEASE_MS + 20_000, async () => {
    const lease = await fenceOf();
    return lease !== null && lease.holder !== first.holder && lease;
  });
  expect(taken.fence).toBeGreaterThan(first.fence);
  const done = await until('the action is carried out', 60_000, async () => {
    const { rows } = await database.query<{ state: string }>(
      'SELECT state FROM action WHERE proposal_id = $1',
      [id],
    );
    return rows[0]?.state === 'succeeded';
  });
  expect(done).toBe(true);

  const before = await fencedRows();
  resume(sleeper);
  await until('the first answers again', 30_000, async () => {
    return (await fetch(`${stack.urls.controller}/health/ready`)).ok;
  });
  await until('the first has asked for the lease', 30_000, () =>
    /not leading any more/.test(stack.output()),
  );
  const lease = await fenceOf();
  expect(lease).toMatchObject({ holder: taken.holder, fence: taken.fence });
  const after = await fencedRows();
  for (const [key, fence] of before) {
    expect(after.get(key), key).toBeGreaterThanOrEqual(fence);
  }
  const now = await shop.service('inventory');
  expect(now.desired).toBe(pending.after);
  expect(now.version - versionBefore, 'changes the process manager made').toBe(1);
  expect(await actionsOf(id)).toHaveLength(1);
}, 200_000);

test('the leader that stops hands over at once', async () => {
  const held = await until('a leader', 20_000, fenceOf);
  expect(await standby?.stop()).toBe(0);
  standby = undefined;
  const next = await until('the first leads again', LEASE_MS + 20_000, async () => {
    const lease = await fenceOf();
    return lease !== null && lease.holder !== held.holder && lease;
  });
  expect(next.fence).toBeGreaterThan(held.fence);
  expectServed(0);
}, 60_000);

/** The newest fence under which each knob was written. */
async function fencedRows(): Promise<Map<string, number>> {
  const { rows } = await database.query<{ key: string; fence: string }>(
    `SELECT service || '/' || loop AS key, fence FROM desired_state
     UNION ALL SELECT 'action ' || id, fence FROM action WHERE finished_at IS NOT NULL`,
  );
  return new Map(rows.map(({ key, fence }) => [key, Number(fence)]));
}

async function actionsOf(proposalId: string): Promise<Action[]> {
  const { actions } = await operator.get('/api/actions?limit=200', actionList);
  return actions.filter((one) => one.proposalId === proposalId);
}

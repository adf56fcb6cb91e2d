import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import {
  type Action,
  actionList,
  matrix,
  overview,
  type Proposal,
  proposalList,
} from '@flyball/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepLog } from '../support/artifacts.ts';
import { createClient } from '../support/clickhouse.ts';
import { Customer } from '../support/customer.ts';
import { shortenedPolicies } from '../support/demo-policies.ts';
import { Operator } from '../support/operator.ts';
import { choosePassword } from '../support/people.ts';
import { type SentSpan, SpanSender } from '../support/sender.ts';
import { Shop } from '../support/shop.ts';
import { type ProcessName, type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/**
 * Each of the five processes is killed in turn while the shop sells, a service reports its
 * failures, and people approve. What was promised is kept: no request of a customer fails for it,
 * no span that was acknowledged and decided is missing, nothing is carried out twice.
 */
const NAMES: ProcessName[] = ['clickhouse', 'postgres', 'collector', 'controller', 'dashboard'];
const SELLING = 'demo';
/** After its root a trace waits for stragglers; until it is decided it lives in memory alone. */
const DECIDED_AFTER_MS = 2_000 + 2_000;

let stack: Stack;
let shop: Shop;
let admin: Operator;
let customer: Customer;
let sender: SpanSender;
let policies: string;
const collectorKilledAtMs: number[] = [];

beforeAll(async () => {
  // A floor of three where two run: each of these loops has something to propose at once.
  policies = shortenedPolicies(({ metadata, spec }) => {
    if (!['inventory', 'payments'].includes(metadata.name)) return;
    const loops = spec.loops as { replicas: { limits: { min: number } } };
    loops.replicas.limits.min = 3;
  });
  stack = await startStack({
    verb: 'demo',
    args: ['--policies', policies],
    env: { FLYBALL_CYCLE: '1s', FLYBALL_LEASE: '5s', FLYBALL_DEMO_RATE: '40' },
  });
  shop = new Shop(stack);
  admin = await Operator.first(stack);
  await choosePassword(admin, 'a password of a test');
  await until('the shop sells', 60_000, async () => (await shop.buy()) === 200);
  customer = new Customer(stack.urls.demoGateway);
  sender = new SpanSender(stack.urls.otlpHttp, 'always-fails');
}, 200_000);

afterAll(async () => {
  await customer?.leave();
  await sender?.stop();
  keepLog(stack, 'stack-kill');
  await stack?.stop();
  rmSync(policies, { recursive: true, force: true });
});

const pids = (names: readonly ProcessName[]) =>
  Object.fromEntries(names.map((name) => [name, stack.pid(name)]));

const isWell = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;

/** Those that can answer for themselves whatever the others do. */
const LIVES: Partial<Record<ProcessName, (stack: Stack) => string>> = {
  clickhouse: ({ urls }) => `http://${new URL(urls.clickhouse).host}/ping`,
  collector: ({ urls }) => `${urls.otlpHttp}/health/live`,
  controller: ({ urls }) => `${urls.controller}/health/live`,
  dashboard: ({ urls }) => `${urls.dashboard}/health`,
  demo: ({ urls }) => `${urls.demo}/health/ready`,
};

/** Kills it, watches the others meanwhile, and waits until all of Flyball works as before. */
async function killed(name: ProcessName): Promise<void> {
  const others = [...NAMES, 'demo' as const].filter((other) => other !== name);
  const before = pids(others);
  const oldPid = stack.kill(name);
  if (name === 'collector') collectorKilledAtMs.push(performance.now());
  for (const other of others) {
    const live = LIVES[other]?.(stack);
    if (live !== undefined) await until(`${other} lives`, 10_000, () => isWell(live));
  }
  await stack.recovered(name, oldPid);
  expect(pids(others), `the others while ${name} was away`).toEqual(before);
  await until(`everything works after ${name}`, 60_000, async () => {
    if (!(await isWell(`${stack.urls.controller}/health/ready`))) return false;
    const { evidenceAgeMs, services } = await admin.get('/api/overview', overview);
    const { rows } = await admin.get('/api/matrix', matrix);
    const fresh = evidenceAgeMs !== null && evidenceAgeMs < 15_000;
    return fresh && services.length >= 5 && rows.length >= 5;
  });
}

async function pendingFor(loopId: string): Promise<Proposal> {
  return until(`a proposal for ${loopId}`, 60_000, async () => {
    const { proposals } = await admin.get('/api/proposals?state=pending', proposalList);
    return proposals.find((one) => one.loopId === loopId);
  });
}

async function approve({ id, digest }: Proposal): Promise<void> {
  const path = `/api/proposals/${id}/approve`;
  const key = randomUUID();
  // Whoever gets no answer asks again under the same key.
  const answer = await until('the approval is answered', 60_000, async () => {
    const one = await admin.send('POST', path, { digest }, { 'idempotency-key': key });
    return one.status < 500 && one;
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

async function actionsOf(loopId: string): Promise<Action[]> {
  const { actions } = await admin.get('/api/actions?limit=200', actionList);
  return actions.filter((one) => one.loopId === loopId);
}

/** Approved, and the killing begins before anybody could have carried it out in peace. */
async function approvedWhile(service: 'inventory' | 'payments', dies: ProcessName): Promise<void> {
  const loopId = `${service}/replicas`;
  const pending = await pendingFor(loopId);
  const versionBefore = (await shop.service(service)).version;
  const approval = approve(pending);
  await killed(dies);
  await approval;
  const [done] = await until('it is carried out', 60_000, async () => {
    const actions = await actionsOf(loopId);
    return actions.length > 0 && actions.every((one) => one.finishedAtMs !== null) && actions;
  });
  expect(done).toMatchObject({ proposalId: pending.id, state: 'succeeded', readBack: 3 });
  expect(await actionsOf(loopId)).toHaveLength(1);
  const now = await shop.service(service);
  expect(now.desired).toBe(3);
  expect(now.version - versionBefore, 'changes the process manager made').toBe(1);
  await until('the new process runs', 60_000, async () => {
    return (await shop.service(service)).running === 3;
  });
}

describe('kill -9, under load, of', () => {
  test('clickhouse', () => killed('clickhouse'), 150_000);
  test('the collector', () => killed('collector'), 150_000);
  test('the controller, with an action on its way', async () => {
    await approvedWhile('inventory', 'controller');
  }, 240_000);
  test('postgres, with an action on its way', async () => {
    await approvedWhile('payments', 'postgres');
  }, 240_000);
  test('the dashboard', () => killed('dashboard'), 150_000);
});

describe('after all that', () => {
  test('the gateway has served all the time', () => {
    expect(stack.pid(SELLING)).not.toBeNull();
    const { visits, served, late, failed } = customer.counts();
    expect(failed).toEqual([]);
    expect(visits).toBeGreaterThan(100);
    expect(late.length / visits).toBeLessThan(0.02);
    expect(served / visits).toBeGreaterThan(0.8);
  });

  test('no span acknowledged and decided is missing, and none is there twice', async () => {
    await sender.stop();
    expect(sender.refused()).toEqual([]);
    // An answer of the one that was killed may be read only after its end.
    const lostAtMost = ({ sentAtMs, ackedAtMs }: SentSpan) =>
      collectorKilledAtMs.some((at) => ackedAtMs > at - DECIDED_AFTER_MS && sentAtMs <= at);
    const acked = sender.acked();
    const promised = acked.filter((span) => !lostAtMost(span));
    expect(promised.length).toBeGreaterThan(acked.length * 0.8);
    const client = createClient({ url: stack.urls.clickhouse });
    const stored = async () => {
      const query = `SELECT SpanId AS id, toUInt32(count()) AS times FROM otel_traces
        WHERE ServiceName = '${sender.service}' GROUP BY SpanId`;
      const result = await client.query({ query, format: 'JSONEachRow' });
      const rows = await result.json<{ id: string; times: number }>();
      return new Map(rows.map(({ id, times }) => [id, times]));
    };
    try {
      await until('every promised span is stored', 60_000, async () => {
        const times = await stored();
        const missing = promised.filter(({ spanId }) => !times.has(spanId));
        if (missing.length === 0) return true;
        const [killedAtMs = 0] = collectorKilledAtMs;
        const after = missing
          .slice(0, 5)
          .map(({ ackedAtMs }) => Math.round(ackedAtMs - killedAtMs));
        throw new Error(
          `${missing.length} of ${promised.length} are missing; acknowledged, ` +
            `ms after the collector was killed: ${after.join(', ')} …`,
        );
      });
      const times = await stored();
      // One that was sent again because its answer was lost is stored as often as it arrived.
      const twice = promised.filter(({ spanId, attempts }) => {
        return attempts === 1 && (times.get(spanId) ?? 0) > 1;
      });
      expect(twice).toEqual([]);
    } finally {
      await client.close();
    }
  }, 120_000);

  test('no action of any loop ran twice', async () => {
    const { actions } = await admin.get('/api/actions?limit=200', actionList);
    expect(actions.length).toBeGreaterThan(0);
    expect(new Set(actions.map((one) => one.proposalId)).size).toBe(actions.length);
    await until('every action has ended', 60_000, async () => {
      const now = await admin.get('/api/actions?limit=200', actionList);
      return now.actions.every((one) => one.finishedAtMs !== null);
    });
    for (const service of ['inventory', 'payments', 'recommendations', 'checkout']) {
      const { version } = await shop.service(service);
      const changes = (await actionsOf(`${service}/replicas`)).filter(
        ({ state, before, after }) => state === 'succeeded' && before !== after,
      );
      expect(version - 1, `changes of ${service}`).toBe(changes.length);
    }
  }, 90_000);
});

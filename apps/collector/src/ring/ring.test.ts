import {
  type BoostTarget,
  Interner,
  reframe,
  SpanTable,
  scan,
  scanJson,
  TraceWindow,
} from '@flyball/tracing';
import { expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { FakeRingFiles } from './files.fake.ts';
import { LookBack } from './look-back.ts';
import { promotedRows } from './promote.ts';
import { TraceRing } from './ring.ts';

const START_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

interface Call {
  service: string;
  name: string;
  padding?: string;
  kind?: number;
  attributes?: Readonly<Record<string, string>>;
}

/** A trace in which each service calls the next. */
function bodyOf(trace: number, calls: readonly Call[]): string {
  return JSON.stringify({
    resourceSpans: calls.map(
      ({ service, name, kind = 0, padding = '', attributes = {} }, depth) => ({
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: (trace + 1).toString(16).padStart(32, '0'),
                spanId: (depth + 1).toString(16).padStart(16, '0'),
                ...(depth === 0 ? {} : { parentSpanId: depth.toString(16).padStart(16, '0') }),
                name,
                traceState: 'ot=th:8;rv:ffffffffffffff,other=1',
                kind,
                attributes: Object.entries({ padding, ...attributes }).map(
                  ([key, stringValue]) => ({
                    key,
                    value: { stringValue },
                  }),
                ),
              },
            ],
          },
        ],
      }),
    ),
  });
}

function rig({ maxBytes = 64e6, maxAgeMs = HOUR_MS, files = new FakeRingFiles() } = {}) {
  const strings = new Interner();
  const said: string[] = [];
  const events = {
    failed: (message: string) => said.push(message),
    recovered: () => said.push('recovered'),
  };
  const ring = new TraceRing(files, strings, { maxBytes, maxAgeMs }, events);
  const window = new TraceWindow({ ...windowConfigOf(defaultConfig()), rootDelayMs: 0 });
  const drop = (trace: number, nowMs: number, ...calls: Call[]) => {
    const result = scanJson(bodyOf(trace, calls), strings);
    if (!result.ok) throw new Error(result.fault.message);
    window.add(result.table, nowMs);
    const due = window.due(nowMs);
    if (due === undefined) throw new Error('nothing is due');
    ring.add(due, nowMs);
    window.settle({ keep: false, probability: 0.1, threshold: 0n, reason: 'rest', rule: 'rest' });
  };
  return { files, strings, ring, drop, said };
}

const SHOP = { service: 'shop', name: 'GET /' };
const TILL = { service: 'till', name: 'pay' };

async function lookBack(
  { strings, ring }: Pick<ReturnType<typeof rig>, 'strings' | 'ring'>,
  target: BoostTarget,
  { sinceMs = 0, maxTraces = 1000 } = {},
) {
  const rows: Record<string, unknown>[] = [];
  const promote = (spans: SpanTable, by: string) =>
    rows.push(...(promotedRows(spans, strings, by) as Record<string, unknown>[]));
  const job = new LookBack(ring, strings, promote, { maxTraces });
  job.ask({ target, sinceMs, by: 'mode degraded' });
  for (let step = 0; job.busy && step < 1000; step += 1) {
    job.step(START_MS, () => false);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(job.busy).toBe(false);
  return {
    rows,
    traces: [...new Set(rows.map(({ TraceId }) => Number.parseInt(String(TraceId), 16)))],
  };
}

test('what was dropped comes back whole, without weight', async () => {
  const world = rig();
  world.drop(7, START_MS, SHOP, TILL);
  const { rows } = await lookBack(world, { kind: 'service', service: 'till' });
  expect(rows).toMatchObject([
    {
      ServiceName: 'shop',
      SpanName: 'GET /',
      TraceState: 'ot=rv:ffffffffffffff,other=1',
      SpanAttributes: { SampleRate: '0', 'flyball.promoted': 'mode degraded' },
    },
    { ServiceName: 'till', SpanName: 'pay' },
  ]);
});

test('only what is about the target comes back', async () => {
  const world = rig();
  world.drop(1, START_MS, SHOP);
  world.drop(2, START_MS, SHOP, TILL);
  world.drop(3, START_MS, TILL, SHOP);
  world.drop(4, START_MS, SHOP, { service: 'till', name: 'refund' });
  await world.ring.close(START_MS);
  const found = async (target: BoostTarget) => {
    const files = new FakeRingFiles();
    for (const [name, bytes] of world.files.contents) files.contents.set(name, bytes);
    return (await lookBack(rig({ files }), target)).traces.sort();
  };
  expect(await found({ kind: 'service', service: 'till' })).toEqual([3, 4, 5]);
  expect(await found({ kind: 'operation', service: 'till', operation: 'pay' })).toEqual([3, 4]);
  expect(await found({ kind: 'edge', caller: 'shop', callee: 'till' })).toEqual([3, 5]);
  expect(await found({ kind: 'service', service: 'nobody' })).toEqual([]);
});

test('calls to databases and brokers are found, as the service graph names them', async () => {
  const world = rig();
  const sql = { 'db.system.name': 'postgresql', 'db.namespace': 'shop' };
  world.drop(1, START_MS, SHOP, { ...SHOP, name: 'SELECT', kind: 3, attributes: sql });
  const other = { ...sql, 'db.namespace': 'stock' };
  world.drop(2, START_MS, SHOP, { ...SHOP, name: 'SELECT', kind: 3, attributes: other });
  const queue = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' };
  world.drop(3, START_MS, SHOP, { ...SHOP, name: 'send', kind: 4, attributes: queue });
  await world.ring.close(START_MS);
  const found = async (callee: string) => {
    const again = rig({ files: world.files });
    return (await lookBack(again, { kind: 'edge', caller: 'shop', callee })).traces;
  };
  expect(await found('postgresql/stock')).toEqual([3]);
  expect(await found('postgresql/shop')).toEqual([2]);
  expect(await found('kafka/orders')).toEqual([4]);
  expect(await found('mysql/shop')).toEqual([]);
});

test('a restart does not bring the same traces back again', async () => {
  const world = rig();
  for (let trace = 0; trace < 4; trace += 1) world.drop(trace, START_MS + trace, SHOP);
  const target = { kind: 'service', service: 'shop' } as const;
  // One is promoted before its segment is written, one after, and one by the next run.
  expect((await lookBack(world, target, { maxTraces: 1 })).traces).toEqual([4]);
  await world.ring.close(START_MS + 10);
  expect((await lookBack(world, target, { maxTraces: 1 })).traces).toEqual([3]);
  await world.ring.close(START_MS + 10);
  const second = rig({ files: world.files });
  expect((await lookBack(second, target, { maxTraces: 1 })).traces).toEqual([2]);
  await second.ring.close(START_MS + 10);
  const third = rig({ files: world.files });
  expect((await lookBack(third, target)).traces).toEqual([1]);
  await third.ring.close(START_MS + 10);
  expect([...world.files.contents.keys()].sort().map((name) => name.split('.')[1])).toEqual([
    'promoted',
    'traces',
  ]);
  third.ring.tick(START_MS + 2 * HOUR_MS);
  expect(world.files.contents.size).toBe(0);
});

test('marks without their segment are removed at the start', () => {
  const files = new FakeRingFiles();
  files.contents.set(`${START_MS}-${START_MS}-000000001.promoted`, Buffer.alloc(4));
  rig({ files });
  expect(files.contents.size).toBe(0);
});

test('a trace comes back once, the newest first, no more than allowed', async () => {
  const world = rig();
  for (let trace = 0; trace < 10; trace += 1) world.drop(trace, START_MS + trace * 1000, SHOP);
  const target = { kind: 'service', service: 'shop' } as const;
  const first = await lookBack(world, target, { sinceMs: START_MS + 5000, maxTraces: 3 });
  expect(first.traces).toEqual([10, 9, 8]);
  const second = await lookBack(world, target, { sinceMs: START_MS + 5000 });
  expect(second.traces).toEqual([7, 6]);
});

test('an earlier run left its segments; a damaged one is passed over', async () => {
  const world = rig();
  for (let trace = 0; trace < 3; trace += 1) {
    world.drop(trace, START_MS + trace * 20_000, SHOP);
    await world.ring.close(START_MS);
  }
  const [, damaged] = [...world.files.contents.keys()].sort() as string[];
  world.files.contents.get(damaged as string)?.fill(0, 40, 50);
  const again = rig({ files: world.files });
  expect(again.ring.sinceMs).toBe(START_MS);
  const { traces } = await lookBack(again, { kind: 'service', service: 'shop' });
  expect(traces).toEqual([3, 1]);
});

test('it stays within its bytes and its age', async () => {
  const { files, ring, drop } = rig({ maxBytes: 2 ** 21, maxAgeMs: 600_000 });
  const big = { ...SHOP, padding: 'x'.repeat(10_000) };
  let nowMs = START_MS;
  for (let trace = 0; trace < 1000; trace += 1) {
    nowMs += 2000;
    drop(trace, nowMs, big);
    ring.tick(nowMs);
    await Promise.resolve();
    await Promise.resolve();
    expect(ring.bytes).toBeLessThanOrEqual(2 ** 21);
  }
  expect(ring.taken).toBeGreaterThan(500);
  const { sinceMs = 0 } = ring;
  expect(nowMs - sinceMs).toBeLessThanOrEqual(620_000);
  expect(files.contents.size).toBeGreaterThan(5);
  await ring.close(nowMs);
  ring.tick(nowMs + 700_000);
  expect(files.contents.size).toBe(0);
});

test('more than fits the time it promises is left out, and counted', () => {
  const { ring, drop } = rig({ maxBytes: 2 ** 21, maxAgeMs: 600_000 });
  const big = { ...SHOP, padding: 'x'.repeat(10_000) };
  for (let trace = 0; trace < 100; trace += 1) drop(trace, START_MS, big);
  expect(ring.taken).toBeLessThan(10);
  expect(ring.taken + ring.left).toBe(100);
});

test('a slow or refusing disk costs traces of the ring and nothing else', async () => {
  const { files, ring, drop, said } = rig({ maxBytes: 2 ** 21, maxAgeMs: 20_000 });
  const big = { ...SHOP, padding: 'x'.repeat(15_000) };
  let open = () => {};
  files.gate = new Promise((resolve) => {
    open = resolve;
  });
  for (let trace = 0; trace < 40; trace += 1) drop(trace, START_MS + trace * 1000, big);
  expect(ring.left).toBeGreaterThan(10);
  files.fault = 'ENOSPC';
  open();
  await ring.close(START_MS + 40_000);
  expect(ring.fault).toBe('ENOSPC');
  files.fault = undefined;
  drop(50, START_MS + 60_000, big);
  await ring.close(START_MS + 60_000);
  expect(ring.fault).toBeUndefined();
  expect(said).toEqual(['ENOSPC', 'recovered']);
  expect(ring.faults).toBeGreaterThan(0);
  expect(files.contents.size).toBe(1);
});

test('spans keep every column on their way through the ring', async () => {
  const { strings, ring, drop } = rig();
  drop(3, START_MS, SHOP, TILL);
  const [part] = ring.parts(0);
  if (part === undefined) throw new Error('no part');
  const [trace] = await ring.read(part);
  const table = new SpanTable();
  expect(scan(trace?.spans ?? new Uint8Array(0), strings, table).ok).toBe(true);
  const whole = scanJson(bodyOf(3, [SHOP, TILL]), strings);
  if (!whole.ok) throw new Error(whole.fault.message);
  expect(Buffer.compare(reframe(table, [0, 1]), reframe(whole.table, [0, 1]))).toBe(0);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { type ClickHouseClient, migrateClickHouse } from '@flyball/store';
import { bucketIndex } from '@flyball/tracing';
import { trace } from '@opentelemetry/api';
import { createChdbConnection } from 'chdb/connection';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClickHouseObserver } from './observer.clickhouse.ts';
import type { Question } from './observer.port.ts';
import type { Snapshot } from './snapshot.ts';

/** Against the real engine. In the future, so that no TTL takes the rows; 7 s into a bucket. */
const NOW_MS = Date.UTC(2099, 0, 1, 12, 0, 7);
const tracer = trace.getTracer('test');
const nobody = tracer.startSpan('test');

const QUESTIONS: Question[] = [
  {
    service: 'checkout',
    windowMs: 20_000,
    gauges: ['worker.utilization', 'process.cpu.utilization'],
    latencyObjectiveMs: 300,
    sloWindowsMs: [60_000, 600_000],
  },
  {
    service: 'payments',
    windowMs: 60_000,
    gauges: ['worker.utilization'],
    latencyObjectiveMs: null,
    sloWindowsMs: [60_000],
  },
];

let folder: string;
let clickhouse: ClickHouseClient;
let snapshot: Snapshot;

async function insert(table: string, values: readonly object[]): Promise<void> {
  await clickhouse.insert({ table, values, format: 'JSONEachRow' });
}

/** Aggregates of one bucket that began so many seconds ago. */
function red(agoS: number, service: string, instance: string, figures: object): object {
  const time = Math.floor(NOW_MS / 1000) - agoS;
  return { time, service, operation: 'POST /', kind: 'Server', instance, ...figures };
}

function served(count: number, errors: number, ms: number): object {
  const total = { count, errors, duration_sum_ns: ms * 1e6 * count };
  return { ...total, buckets: { [bucketIndex(ms * 1e6)]: count } };
}

function gauge(agoS: number, service: string, metric: string, more: object): object {
  const TimeUnix = `${Math.floor(NOW_MS / 1000) - agoS}.000000000`;
  return { TimeUnix, ServiceName: service, MetricName: metric, ...more };
}

const of = (instance: string) => ({ ResourceAttributes: { 'service.instance.id': instance } });

async function fill(): Promise<void> {
  await insert('flyball_red', [
    // Two increments of one bucket, as the collector flushes them.
    red(7, 'checkout', 'a', served(60, 0, 100)),
    red(7, 'checkout', 'a', served(40, 10, 400)),
    red(17, 'checkout', 'b', served(100, 0, 100)),
    red(27, 'checkout', 'b', served(7, 0, 100)),
    // Too old for its window of 20 s (which reaches into the bucket that began 27 s ago).
    red(37, 'checkout', 'b', served(1_000, 0, 100)),
    red(57, 'payments', 'p', served(60, 0, 50)),
    red(307, 'checkout', 'a', served(500, 50, 1_000)),
    { ...red(7, 'checkout', 'a', served(999, 999, 1)), kind: 'Client' },
    red(7, 'unmanaged', 'u', served(5, 0, 10)),
  ]);
  await insert('otel_metrics_gauge', [
    gauge(2, 'checkout', 'worker.utilization', { Value: 0.9, ...of('a') }),
    gauge(4, 'checkout', 'worker.utilization', { Value: 0.7, ...of('a') }),
    gauge(3, 'checkout', 'worker.utilization', { Value: 0.4, ...of('b') }),
    gauge(50, 'checkout', 'worker.utilization', { Value: 0, ...of('c') }),
    gauge(50, 'payments', 'worker.utilization', { Value: 0.2, ...of('p') }),
    gauge(2, 'checkout', 'other', { Value: 5, ...of('a') }),
    ...['user', 'system'].map((state, index) =>
      gauge(2, 'checkout', 'process.cpu.utilization', {
        Value: [0.3, 0.1][index],
        Attributes: { 'process.cpu.state': state },
        ...of('a'),
      }),
    ),
  ]);
  const time = Math.floor(NOW_MS / 1000);
  await insert('flyball_edges', [
    { time: time - 7, caller: 'gateway', callee: 'checkout', type: '', count: 90, errors: 9 },
    { time: time - 300, caller: 'gateway', callee: 'checkout', type: '', count: 500, errors: 1 },
  ]);
  const example = (operation: string, ...slowest: [number, string, string]) => ({
    time: time - 60,
    service: 'checkout',
    operation,
    kind: 'Server',
    slowest,
    failed: ['', ''],
  });
  await insert('flyball_exemplars', [
    example('POST /', 9e9, 'slow', 'a'),
    example('POST /', 5e9, 'not so slow', 'a'),
    example('GET /', 1e6, 'fast', 'b'),
    example('GET /more', 2e9, 'slow', 'c'),
  ]);
  await insert('flyball_ingest_quality', [
    { time: time - 7, service: 'checkout', spans: 90, rejected: 10 },
    { time: time - 17, service: 'checkout', spans: 100, negative: 3 },
    { time: time - 97, service: 'checkout', spans: 100, rejected: 100 },
    { time: time - 7, service: 'payments', spans: 100, late: 5 },
  ]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flyball-observe-'));
  const connection = createChdbConnection({ path: folder });
  clickhouse = createClient({ connection: connection as never }) as ClickHouseClient;
  await migrateClickHouse(clickhouse);
  await fill();
  snapshot = await new ClickHouseObserver(clickhouse, tracer).observe(QUESTIONS, NOW_MS, nobody);
}, 60_000);

afterAll(async () => {
  await clickhouse?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('one look at everything', () => {
  it('reads all families without a failure', () => {
    expect(snapshot.failures).toEqual({});
  });

  it('says what was wrong with the spans of the last minute, where something was', () => {
    const of = (service: string) => snapshot.services.get(service)?.quality;
    expect(of('checkout')).toEqual({ received: 190, rejected: 10, negative: 3 });
    expect(of('payments')).toBeUndefined();
  });

  it('sums a service’s requests over its own window, bucket by bucket', () => {
    const checkout = snapshot.services.get('checkout');
    expect(checkout?.red).toMatchObject({ requests: 207, errors: 10, windowMs: 27_000 });
    expect(checkout?.red?.p50Ms).toBeCloseTo(100, -1);
    expect(checkout?.red?.p99Ms).toBeCloseTo(400, -2);
    expect(checkout?.red?.newestMs).toBe(NOW_MS);
    expect(checkout?.instances.get('a')).toMatchObject({ requests: 100, errors: 10 });
    expect(checkout?.instances.get('b')).toMatchObject({ requests: 107, errors: 0 });
    // 60 x 100 ms + 40 x 400 ms in 27 s, by Little's law.
    expect(checkout?.instances.get('a')?.inflight).toBeCloseTo(22_000 / 27_000);
  });

  it('takes each service’s own window, and knows how old the newest figure is', () => {
    const payments = snapshot.services.get('payments');
    expect(payments?.red).toMatchObject({ requests: 60, newestMs: NOW_MS - 47_000 });
    expect(payments?.gauges.get('worker.utilization')?.get('p')?.newestMs).toBe(NOW_MS - 50_000);
    expect(snapshot.services.get('unmanaged')?.red?.requests).toBe(5);
  });

  it('averages gauges over the window, and adds up the states of the CPU', () => {
    const gauges = snapshot.services.get('checkout')?.gauges;
    const busy = gauges?.get('worker.utilization');
    expect(busy?.get('a')).toEqual({ value: 0.8, newestMs: NOW_MS - 2_000 });
    expect(busy?.has('c')).toBe(false);
    expect(gauges?.get('process.cpu.utilization')?.get('a')?.value).toBeCloseTo(0.4);
    expect(gauges?.has('other')).toBe(false);
  });

  it('counts slow and failed requests in every window of the objective', () => {
    expect(snapshot.services.get('checkout')?.slo).toEqual([
      { windowMs: 60_000, requests: 1_207, errors: 10, slow: 40 },
      { windowMs: 600_000, requests: 1_707, errors: 60, slow: 540 },
    ]);
    // No objective for latency: nothing is too slow.
    expect(snapshot.services.get('payments')?.slo).toEqual([
      { windowMs: 60_000, requests: 60, errors: 0, slow: 0 },
    ]);
  });

  it('knows who calls whom, now and before', () => {
    expect(snapshot.edges).toEqual([
      { caller: 'gateway', callee: 'checkout', requests: 90, errors: 9, requestsBefore: 500 },
    ]);
  });

  it('finds slow traces to look at', async () => {
    const observer = new ClickHouseObserver(clickhouse, tracer);
    expect(await observer.examples('checkout', NOW_MS)).toEqual(['slow', 'fast']);
  });

  it('names what cannot be read instead of failing, and takes nothing for zero', async () => {
    const away = {
      query: () => Promise.reject(new Error('connect ECONNREFUSED')),
    } as unknown as ClickHouseClient;
    const blind = await new ClickHouseObserver(away, tracer).observe(QUESTIONS, NOW_MS, nobody);
    expect(Object.keys(blind.failures).sort()).toEqual([
      'edges',
      'gauges',
      'quality',
      'red',
      'slo',
    ]);
    expect(blind.services.get('checkout')).toMatchObject({ red: null, slo: [] });
    expect(await new ClickHouseObserver(away, tracer).examples('checkout', NOW_MS)).toEqual([]);
  });
});

import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { loadRequest } from '../otlp/load.fixture.ts';
import { scan } from '../otlp/scan.ts';
import { META, META_DUPLICATE, SpanTable, WORDS } from '../otlp/span-table.ts';
import { type SpanSketch, tableOf } from '../otlp/trace.fixture.ts';
import { bucketIndex } from './histogram.ts';
import { RedAggregator, type RedRow } from './red.ts';

const strings = new Interner();

function spans(...sketches: SpanSketch[]): SpanTable {
  return tableOf(strings, sketches);
}

function sum(rows: RedRow[], value: (row: RedRow) => number | bigint): bigint {
  return rows.reduce((total, row) => total + BigInt(value(row)), 0n);
}

test('spans are counted by service, operation, kind and instance, in tens of seconds', () => {
  const red = new RedAggregator(strings);
  const server: SpanSketch = {
    id: 'a',
    service: 'pay',
    instance: 'p-1',
    name: 'charge',
    kind: 'server',
  };
  red.record(spans({ ...server, end: 5 }, { ...server, end: 7, error: true }), 1_234_567);
  red.record(spans({ ...server, instance: 'p-2', end: 5 }), 1_239_999);
  red.record(spans({ ...server, end: 5 }), 1_240_000);
  const key = { service: 'pay', operation: 'charge', kind: 'Server' };
  expect(red.drain()).toEqual([
    {
      time: 1230,
      ...key,
      instance: 'p-1',
      count: 2,
      errors: 1,
      duration_sum_ns: '12000000',
      buckets: { [bucketIndex(5e6)]: 1, [bucketIndex(7e6)]: 1 },
    },
    expect.objectContaining({ time: 1230, instance: 'p-2', count: 1 }),
    expect.objectContaining({ time: 1240, instance: 'p-1', count: 1 }),
  ]);
  expect(red.drain()).toEqual([]);
});

test('totals are exact, whatever the bounds', () => {
  const names = new Interner();
  const wide = new RedAggregator(names);
  const narrow = new RedAggregator(names, { maxSeries: 2, maxOperationsPerService: 1 });
  const table = new SpanTable();
  let truth = 0n;
  for (let seed = 0; seed < 20; seed += 1) {
    scan(loadRequest({ traces: 50, seed }), names, table);
    for (let span = 0; span < table.count; span += 1) {
      truth += table.endNs(span) - table.startNs(span);
    }
    wide.record(table, seed * 3000);
    narrow.record(table, seed * 3000);
  }
  for (const rows of [wide.drain(), narrow.drain()]) {
    expect(sum(rows, (row) => row.count)).toBe(4000n);
    expect(sum(rows, (row) => BigInt(row.duration_sum_ns))).toBe(truth);
    const inBuckets = rows.flatMap((row) => Object.values(row.buckets));
    expect(inBuckets.reduce((total, count) => total + count, 0)).toBe(4000);
  }
  expect(wide.overflowed).toBe(0);
  expect(narrow.overflowed).toBeGreaterThan(0);
});

test('a service that puts ids into names overflows alone', () => {
  const red = new RedAggregator(strings, { maxOperationsPerService: 3 });
  const noisy = Array.from({ length: 10 }, (_, n) => ({
    id: `n${n}`,
    service: 'noisy',
    name: `/${n}`,
  }));
  red.record(spans(...noisy, { id: 'q', service: 'quiet', name: 'ok' }), 0);
  const rows = red.drain();
  expect(rows.filter(({ service }) => service === 'noisy')).toHaveLength(4);
  expect(rows.find(({ operation }) => operation === '__overflow__')).toMatchObject({
    service: 'noisy',
    count: 7,
  });
  expect(rows.find(({ service }) => service === 'quiet')).toMatchObject({ operation: 'ok' });
  expect(red.overflowed).toBe(7);
});

test('a service whose instances are jobs overflows alone, and keeps its operations', () => {
  const red = new RedAggregator(strings, { maxSeries: 20, maxSeriesPerService: 4 });
  const jobs = Array.from({ length: 100 }, (_, n) => ({
    id: `n${n}`,
    service: 'jobs',
    instance: `job-${n >> 1}`,
    name: n % 2 === 0 ? 'load' : 'store',
  }));
  red.record(spans(...jobs, { id: 'q', service: 'quiet', instance: 'q-1', name: 'ok' }), 0);
  const rows = red.drain();
  const seen = rows.map((row) => [row.service, row.operation, row.instance, row.count]);
  expect(seen).toEqual([
    ['jobs', 'load', 'job-0', 1],
    ['jobs', 'store', 'job-0', 1],
    ['jobs', 'load', 'job-1', 1],
    ['jobs', 'store', 'job-1', 1],
    ['jobs', 'load', '__overflow__', 48],
    ['jobs', 'store', '__overflow__', 48],
    ['quiet', 'ok', 'q-1', 1],
  ]);
  expect(red.overflowed).toBe(96);
});

test('duplicates flagged by the window do not count, negative durations count as zero', () => {
  const red = new RedAggregator(strings);
  const table = spans({ id: 'a' }, { id: 'b', start: 10, end: 0 });
  table.rows[0 * WORDS + META] = table.word(0, META) | META_DUPLICATE;
  red.record(table, 0);
  expect(red.drain()).toEqual([
    expect.objectContaining({ count: 1, duration_sum_ns: '0', buckets: { 0: 1 } }),
  ]);
});

test('absurd durations stay exact', () => {
  const red = new RedAggregator(strings);
  const day = 86_400_000;
  red.record(spans({ id: 'a', end: 10_000 * day }, { id: 'b', end: 1e-6 }), 0);
  expect(red.drain()[0]?.duration_sum_ns).toBe(String(10_000n * 86_400n * 1_000_000_000n + 1n));
});

import { describe, expect, it } from 'vitest';
import { Interner, OVERFLOW_TEXT } from '../otlp/interner.ts';
import { META_STATUS_SHIFT, STATUS_ERROR } from '../otlp/span-table.ts';
import { quantileOfBuckets } from '../red/histogram.ts';
import type { Decision } from '../sampling/decision.ts';
import { TraceView } from '../window/trace-view.ts';
import { CriticalPathAggregator, type CriticalPathLimits } from './aggregate.ts';
import { type Row, tableOf } from './table.fixture.ts';

const FAILED = STATUS_ERROR << META_STATUS_SHIFT;
const T0_MS = 1_793_000_000_000;
const kept: Decision = { keep: true, probability: 1, threshold: 0n, reason: 'rest', rule: '' };
const dropped: Decision = { ...kept, keep: false };

function traceOf(rows: readonly Row[]): TraceView {
  const trace = new TraceView();
  tableOf(rows, trace.spans);
  trace.refresh();
  return trace;
}

function setUp(limits: Partial<CriticalPathLimits> = {}) {
  const strings = new Interner();
  const id = (text: string) => strings.internText(text);
  const [web, db, pay] = [id('web'), id('db'), id('pay')];
  const [get, query, charge] = [id('GET /'), id('query'), id('charge')];
  const aggregator = new CriticalPathAggregator(strings, limits);
  /** web 0..100 waits for db 10..40 beside pay 10..90. */
  const checkout = (trace: number, flags = 0) =>
    traceOf([
      { trace, id: 1, parent: 0, startNs: 0n, endNs: 100n, service: web, name: get },
      { trace, id: 2, parent: 1, startNs: 10n, endNs: 40n, service: db, name: query },
      { trace, id: 3, parent: 1, startNs: 10n, endNs: 90n, service: pay, name: charge, flags },
    ]);
  return { aggregator, checkout };
}

describe('CriticalPathAggregator', () => {
  it('adds up every trace, kept or not, and gives examples of kept ones only', () => {
    const { aggregator, checkout } = setUp();
    aggregator.record(checkout(1), dropped, T0_MS);
    aggregator.record(checkout(2, FAILED), kept, T0_MS + 1);
    aggregator.record(checkout(3), dropped, T0_MS + 2);
    const { endpoints, paths } = aggregator.drain();
    const root = { time: T0_MS / 1000, root_service: 'web', root_operation: 'GET /' };
    expect(endpoints).toEqual([
      { ...root, traces: 3, errors: 0, duration_sum_ns: '300', buckets: expect.anything() },
    ]);
    const byService = Object.fromEntries(paths.map((row) => [row.service, row]));
    expect(byService.pay).toEqual({
      ...root,
      service: 'pay',
      operation: 'charge',
      seen: 3,
      traces: 3,
      errors: 1,
      exclusive_ns: '240',
      slack_ns: '0',
      drag_ns: '150',
      buckets: expect.anything(),
      example_trace_id: '00000000000000000000000000000002',
    });
    expect(byService.web).toMatchObject({ exclusive_ns: '60', drag_ns: '60', traces: 3 });
    expect(byService.db).toMatchObject({
      seen: 3,
      traces: 0,
      exclusive_ns: '0',
      slack_ns: '150',
      drag_ns: '0',
      buckets: {},
      example_trace_id: '',
    });
    const own = Object.entries(byService.pay!.buckets).map(
      ([index, count]) => [Number(index), count] as const,
    );
    expect(quantileOfBuckets(own, 0.5)! / 80).toBeCloseTo(1, 1);
    expect(aggregator.drain()).toEqual({ endpoints: [], paths: [] });
  });

  it('keeps ten seconds apart', () => {
    const { aggregator, checkout } = setUp();
    aggregator.record(checkout(1), dropped, T0_MS);
    aggregator.record(checkout(2), dropped, T0_MS + 10_000);
    const { endpoints } = aggregator.drain();
    expect(endpoints.map(({ time, traces }) => [time, traces])).toEqual([
      [T0_MS / 1000, 1],
      [T0_MS / 1000 + 10, 1],
    ]);
  });

  it('counts what exceeds the bound under __overflow__, without losing time', () => {
    const { aggregator, checkout } = setUp({ maxSeries: 1 });
    aggregator.record(checkout(1), dropped, T0_MS);
    const { endpoints, paths } = aggregator.drain();
    const sum = paths.reduce((total, row) => total + Number(row.exclusive_ns), 0);
    expect(sum).toBe(Number(endpoints[0]!.duration_sum_ns));
    expect(paths.map((row) => row.operation)).toEqual(['GET /', OVERFLOW_TEXT]);
    expect(aggregator.overflowed).toBe(2);
    aggregator.record(checkout(1), dropped, T0_MS);
    expect(aggregator.drain().paths.map((row) => row.operation)).toContain('GET /');
  });

  it('leaves out traces without a root, and late spans', () => {
    const { aggregator, checkout } = setUp();
    aggregator.record(traceOf([{ id: 1, parent: 9, startNs: 0n, endNs: 1n }]), kept, T0_MS);
    const late = checkout(1);
    late.earlier = kept;
    aggregator.record(late, kept, T0_MS);
    expect(aggregator.drain()).toEqual({ endpoints: [], paths: [] });
    expect(aggregator.rootless).toBe(1);
  });
});

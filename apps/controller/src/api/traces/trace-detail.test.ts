import { traceDetail } from '@flyball/contract';
import { expect, test } from 'vitest';
import type { SpanRow } from './span-rows.ts';
import { traceDetailOf } from './trace-detail.ts';

const BASE = 1_790_000_000_000_000_001n;

function row(id: string, parent: string, service: string, fromMs: number, toMs: number): SpanRow {
  return {
    SpanId: id,
    ParentSpanId: parent,
    ServiceName: service,
    SpanName: `op-${id}`,
    SpanKind: 'Server',
    StatusCode: 'Unset',
    StatusMessage: '',
    TraceState: '',
    ScopeName: '',
    start_ns: String(BASE + BigInt(fromMs) * 1_000_000n),
    duration_ns: String((toMs - fromMs) * 1e6),
    SpanAttributes: { SampleRate: '20' },
    ResourceAttributes: {},
    event_ns: [],
    event_names: [],
    event_attributes: [],
    link_traces: [],
    link_spans: [],
    link_attributes: [],
  };
}

/*
 * a gateway   0 ============================ 100
 * b checkout      10 ============== 90
 * c payments            40 ===== 60          error, begun here
 */
const rows = [
  { ...row('a', '', 'gateway', 0, 100), StatusCode: 'Error' },
  { ...row('b', 'a', 'checkout', 10, 90), StatusCode: 'Error' },
  { ...row('c', 'b', 'payments', 40, 60), StatusCode: 'Error' },
];

test('offsets are exact although epoch nanoseconds do not fit a double', () => {
  const detail = traceDetail.parse(traceDetailOf('f'.repeat(32), rows, 3));
  expect(detail.startNs).toBe(String(BASE));
  expect(detail.spans.map((span) => span.startOffsetNs)).toEqual([0, 10e6, 40e6]);
  expect(detail.durationNs).toBe(100e6);
  expect(detail.sampleRate).toBe(20);
});

test('the path partitions the root, and the error begins in the deepest failing span', () => {
  const detail = traceDetailOf('f'.repeat(32), rows, 3);
  const { segments } = detail.criticalPath;
  expect(segments.map(({ spanId }) => spanId).join('')).toBe('abcba');
  expect(segments[0]?.startOffsetNs).toBe(0);
  expect(segments.at(-1)?.endOffsetNs).toBe(100e6);
  expect(detail.errorOrigin).toEqual({ service: 'payments', spanId: 'c' });
});

test('a trace without its root is drawn from its earliest span, and says so', () => {
  const detail = traceDetailOf('f'.repeat(32), rows.slice(1), 2);
  expect(detail.startNs).toBe(String(BASE + 10_000_000n));
  expect(detail.criticalPath.warnings.join(' ')).toContain('root span is missing');
  expect(detail.criticalPath.segments[0]?.startOffsetNs).toBe(0);
});

import { Interner, scanJson } from '@flyball/tracing';
import { expect, test } from 'vitest';
import { Registry } from '../self/metrics.ts';
import { FarDays } from './far-days.ts';
import { Outbox } from './outbox.ts';
import { PointPipeline } from './points.ts';
import { createTally } from './tally.ts';
import { TraceRows } from './trace-rows.ts';

const DAY_MS = 86_400_000;
const TODAY = 20_000;
const NOW_MS = TODAY * DAY_MS + 12 * 3_600_000;

/** Rows by the lane they went. */
function lanes() {
  const written = new Map<string, number>();
  const append = (lane: string, rows: number) => {
    written.set(lane, (written.get(lane) ?? 0) + rows);
  };
  return { written, append };
}

test('days around now are usual, and so are a few others', () => {
  const days = new FarDays();
  for (let day = TODAY - 8; day <= TODAY + 1; day += 1) {
    expect(days.isFar(day, NOW_MS)).toBe(false);
  }
  const years = 47_000;
  for (let day = years; day < years + 16; day += 1) expect(days.isFar(day, NOW_MS)).toBe(false);
  expect(days.isFar(years + 16, NOW_MS)).toBe(true);
  expect(days.isFar(years, NOW_MS)).toBe(false);
  expect(days.isFar(TODAY, NOW_MS)).toBe(false);
  // An hour later others may come.
  expect(days.isFar(years + 16, NOW_MS + 3_600_000)).toBe(false);
});

test('what is far is counted, and told about once a minute', () => {
  const days = new FarDays();
  const told: string[] = [];
  days.onFar = (service) => told.push(service);
  for (const second of [0, 1, 59, 61]) days.note(`shop ${second}`, NOW_MS + second * 1000);
  expect(days.rows).toBe(4);
  expect(told).toEqual(['shop 0', 'shop 61']);
});

test('spans of one day too many go by themselves, and only they', () => {
  const { written, append } = lanes();
  const strings = new Interner();
  const outbox = new Outbox({ append });
  const days = new FarDays();
  const told: string[] = [];
  days.onFar = (service) => told.push(service);
  const rows = new TraceRows(strings, days, outbox);
  const span = (day: number, at: number) => ({
    traceId: '1'.padStart(32, '0'),
    spanId: (at + 1).toString(16).padStart(16, '0'),
    name: 'GET /',
    startTimeUnixNano: `${BigInt(day) * 86_400_000_000_000n + 1n}`,
  });
  const wild = Array.from({ length: 100 }, (_, at) => span(at * 100, at));
  const usual = Array.from({ length: 100 }, (_, at) => span(TODAY - (at % 5), at + 100));
  const attributes = [{ key: 'service.name', value: { stringValue: 'odd' } }];
  const scopeSpans = [{ spans: [...wild, ...usual] }];
  const body = JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans }] });
  const scanned = scanJson(body, strings);
  if (!scanned.ok) throw new Error(scanned.fault.message);
  const { table } = scanned;
  const decision = { keep: true, probability: 1, threshold: 0n, reason: 'rest', rule: '' } as const;
  for (let row = 0; row < table.count; row += 1) rows.write(table, row, decision, NOW_MS);
  expect(rows.length).toBeGreaterThan(0);
  outbox.flush(NOW_MS);
  expect(Object.fromEntries(written)).toEqual({ otel_traces: 116, otel_traces__far: 84 });
  expect(days.rows).toBe(84);
  expect(told).toEqual(['odd']);
});

test('logs and metrics too', () => {
  const { written, append } = lanes();
  const points = new PointPipeline({ append }, createTally(new Registry()));
  const timeOf = (at: number) => `${BigInt(at * 100) * 86_400_000_000_000n + 1n}`;
  const forty = Array.from({ length: 40 }, (_, at) => at);
  const logRecords = forty.map((at) => ({ timeUnixNano: timeOf(at), body: { stringValue: 'x' } }));
  const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  expect(points.receive('logs', 'json', Buffer.from(logs), NOW_MS).kind).toBe('accepted');
  const dataPoints = forty.map((at) => ({ timeUnixNano: timeOf(at), asDouble: 1 }));
  const metrics = [{ name: 'm', gauge: { dataPoints } }];
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
  expect(points.receive('metrics', 'json', Buffer.from(body), NOW_MS).kind).toBe('accepted');
  expect([...written.values()].reduce((sum, rows) => sum + rows, 0)).toBe(80);
  expect(written.get('otel_logs__far')).toBe(24);
  // The same days as those of the logs, which were usual already.
  expect(written.get('otel_metrics_gauge__far')).toBe(24);
});

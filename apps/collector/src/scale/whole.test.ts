import { expect, test } from 'vitest';
import type { HealthReport } from '../self/health.ts';
import { Registry } from '../self/metrics.ts';
import { mergedBoosts, mergedDecision, mergedHealth, mergedMetrics } from './whole.ts';

function worker(spans: number, oldest: number, rss: number): string {
  const registry = new Registry();
  const received = registry.counter('received_total', 'Spans.');
  received.add({ signal: 'traces' }, spans);
  if (spans > 5) received.add({ signal: 'a "quoted" one' }, 1);
  registry.gauge('window_bytes', 'Bytes.', () => spans * 100);
  registry.gauge('window_oldest_seconds', 'Age.', () => oldest);
  registry.gauge('flyball_collector_ring_reach_seconds', 'Reach.', () => oldest);
  registry.gauge('process_resident_memory_bytes', 'Memory.', () => rss);
  registry.gauge('flyball_collector_boosts', 'Boosts.', () => 2);
  const took = registry.histogram('took_seconds', 'Time.', [1]);
  took.observe({}, spans / 10);
  return registry.text();
}

test('counts of workers add up, ages are those of the worst, the process is one', () => {
  const lines = mergedMetrics([worker(3, 5, 1000), worker(20, 2, 1001)]).split('\n');
  expect(lines).toContain('received_total{signal="traces"} 23');
  expect(lines).toContain('received_total{signal="a \\"quoted\\" one"} 1');
  expect(lines).toContain('window_bytes 2300');
  expect(lines).toContain('window_oldest_seconds 5');
  expect(lines).toContain('flyball_collector_ring_reach_seconds 2');
  expect(lines).toContain('process_resident_memory_bytes 1001');
  expect(lines).toContain('flyball_collector_boosts 2');
  expect(lines).toContain('took_seconds_bucket{le="1"} 1');
  expect(lines).toContain('took_seconds_bucket{le="+Inf"} 2');
  expect(lines).toContain('took_seconds_sum 2.3');
  expect(lines.filter((line) => line === '# TYPE received_total counter')).toHaveLength(1);
});

test('one collector keeps its own text', () => {
  const text = worker(20, 2, 1001);
  expect(mergedMetrics([text])).toBe(text);
});

test('a check fails where it fails in one worker', () => {
  const report = (status: HealthReport['status'], message: string): HealthReport => ({
    status,
    checks: [
      {
        name: 'spool',
        critical: true,
        status: message === '' ? 'pass' : 'fail',
        message,
        tookMs: 1,
      },
      { name: 'sink', critical: false, status: 'pass', message: '', tookMs: 2 },
    ],
  });
  const merged = mergedHealth([report('healthy', ''), report('unhealthy', 'is full')]);
  expect(merged.status).toBe('unhealthy');
  expect(merged.checks).toEqual([
    { name: 'spool', critical: true, status: 'fail', message: 'worker 1: is full', tookMs: 1 },
    { name: 'sink', critical: false, status: 'pass', message: '', tookMs: 2 },
  ]);
});

test('what all workers have kept because of a boost adds up', () => {
  const boost = (service: string, traces: number) => ({
    service,
    ratio: 1,
    untilMs: 1000,
    by: 'controller',
    kept: { traces, spans: traces * 4, bytes: traces * 100 },
  });
  const lists = [[boost('a', 1), boost('b', 2)], [boost('a', 10)]];
  const merged = mergedBoosts(lists);
  expect(merged.map(({ service, kept }) => [service, kept.traces, kept.spans])).toEqual([
    ['a', 11, 44],
    ['b', 2, 8],
  ]);
});

test('the worker that has a trace tells of it; else since when any of them would know', () => {
  const unknown = (remembered: number, sinceMs: number | null) => ({
    state: 'unknown' as const,
    traceId: 'a',
    remembered,
    sinceMs,
  });
  const decided = {
    state: 'decided' as const,
    traceId: 'a',
    atMs: 5,
    keep: true,
    probability: 1,
    reason: 'rest',
    rule: 'all',
    trigger: 'root',
    rules: [],
  };
  expect(mergedDecision([unknown(5, 1), decided])).toEqual(decided);
  expect(mergedDecision([unknown(5, 1), unknown(5, 7), unknown(5, null)])).toEqual(unknown(15, 7));
  expect(mergedDecision([unknown(5, null)])).toEqual(unknown(5, null));
});

import { expect, test } from 'vitest';
import { Registry } from './metrics.ts';

test('counters, gauges and histograms are written as Prometheus reads them', () => {
  const registry = new Registry();
  const spans = registry.counter('spans_total', 'Spans.');
  spans.add({ reason: 'a "b"\\\n' }, 2);
  spans.add({ reason: 'a "b"\\\n' });
  registry.gauge('depth', 'Depth.', () => 4.5);
  const latency = registry.histogram('latency_seconds', 'Latency.', [0.1, 1]);
  latency.observe({ to: 'x' }, 0.05);
  latency.observe({ to: 'x' }, 0.5);
  latency.observe({ to: 'x' }, 5);
  expect(registry.text()).toBe(`# HELP spans_total Spans.
# TYPE spans_total counter
spans_total{reason="a \\"b\\"\\\\\\n"} 3
# HELP depth Depth.
# TYPE depth gauge
depth 4.5
# HELP latency_seconds Latency.
# TYPE latency_seconds histogram
latency_seconds_bucket{to="x",le="0.1"} 1
latency_seconds_bucket{to="x",le="1"} 2
latency_seconds_bucket{to="x",le="+Inf"} 3
latency_seconds_sum{to="x"} 5.55
latency_seconds_count{to="x"} 3
`);
});

test('the number of series is bounded', () => {
  const counter = new Registry().counter('x', 'X.');
  for (let i = 0; i < 3000; i++) counter.add({ i: String(i) });
  expect(counter.samples().length).toBe(1001);
  expect(counter.total()).toBe(3000);
});

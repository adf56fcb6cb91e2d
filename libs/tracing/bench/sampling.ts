/**
 * What deciding costs: traces of four spans each against the shipped rules, and against ten rules
 * of every kind. CPU nanoseconds a trace, and how much memory a million decisions leave behind.
 * Run: `node --expose-gc --conditions=@flyball/source libs/tracing/bench/sampling.ts`
 */
import { Interner, Sampler, type SamplingRules, scan } from '../src/index.ts';
import { loadRequest } from '../src/otlp/load.fixture.ts';
import { WORDS } from '../src/otlp/span-table.ts';
import type { Condition } from '../src/sampling/rules.ts';
import { TraceView } from '../src/window/trace-view.ts';

declare const gc: () => void;

const share = (probability: number) => ({ kind: 'probability' as const, probability });
const shipped: SamplingRules = {
  rules: [
    {
      name: 'errors',
      when: { kind: 'span', where: { kind: 'status', anyOf: ['error'] } },
      sampler: share(1),
    },
    { name: 'slow', when: { kind: 'latency', overMs: 1000 }, sampler: share(1) },
    { name: 'rest', sampler: share(0.01) },
  ],
};

const attribute = (key: string, value: string): Condition => ({
  kind: 'span',
  where: { kind: 'attribute', key, on: 'either', value: { kind: 'any_of', values: [value] } },
});

const many: SamplingRules = {
  rules: [
    { name: 'veto', when: attribute('http.route', '/health'), sampler: { kind: 'drop' } },
    ...shipped.rules.slice(0, 2),
    { name: 'gold', when: attribute('tier', 'gold'), sampler: share(0.5) },
    { name: 'eu', when: attribute('cloud.region', 'eu-central-9'), sampler: share(0.5) },
    {
      name: 'admin',
      when: {
        kind: 'span',
        where: { kind: 'operation', name: { kind: 'matches', pattern: '^admin' } },
      },
      sampler: share(1),
    },
    { name: 'new', when: { kind: 'new', what: 'operation', forMs: 0 }, sampler: share(1) },
    {
      name: 'large',
      when: { kind: 'span_count', atLeast: 100 },
      sampler: { kind: 'limit', unit: 'spans', perSecond: 1000, burst: 1000, probability: 1 },
    },
    {
      name: 'rest',
      sampler: {
        kind: 'dynamic',
        by: [{ kind: 'service' }, { kind: 'operation' }, { kind: 'attribute', key: 'http.method' }],
        unit: 'traces',
        target: { kind: 'rate', perSecond: 1000 },
        everyMs: 10_000,
        weight: 0.5,
        maxKeys: 1000,
      },
    },
  ],
};

const strings = new Interner();

/** The traces of a request, one view each. */
function views(): TraceView[] {
  const result = scan(loadRequest({ traces: 256, seed: 7 }), strings);
  if (!result.ok) throw new Error(result.fault.message);
  const { table } = result;
  const rowsOf = new Map<string, number[]>();
  for (let span = 0; span < table.count; span += 1) {
    const id = table.traceId(span);
    rowsOf.set(id, [...(rowsOf.get(id) ?? []), span]);
  }
  return [...rowsOf.values()].map((rows) => {
    const view = new TraceView();
    view.spans.resize(rows.length);
    view.spans.bodies = table.bodies;
    rows.forEach((row, at) => {
      const from = row * WORDS;
      view.spans.rows.set(table.rows.subarray(from, from + WORDS), at * WORDS);
    });
    view.refresh();
    return view;
  });
}

const traces = views();

function measure(name: string, rules: SamplingRules): void {
  const sampler = new Sampler(strings, rules);
  const run = (decisions: number, startMs: number): number => {
    let kept = 0;
    for (let at = 0; at < decisions; at += 1) {
      const trace = traces[at % traces.length] as TraceView;
      if (sampler.decide(trace, startMs + at / 50).keep) kept += 1;
    }
    return kept;
  };
  run(200_000, 0);
  gc();
  const heap = process.memoryUsage().heapUsed;
  const start = process.cpuUsage();
  const kept = run(1_000_000, 10_000);
  const { user, system } = process.cpuUsage(start);
  gc();
  const left = process.memoryUsage().heapUsed - heap;
  const spans = traces.reduce((sum, trace) => sum + trace.spans.count, 0) / traces.length;
  console.log(
    `${name.padEnd(10)} ${(user + system) / 1000} ns a trace of ${spans} spans, ` +
      `${(kept / 10_000).toFixed(1)} % kept, ${(left / 1024).toFixed(0)} KiB left behind`,
  );
}

measure('shipped', shipped);
measure('ten rules', many);

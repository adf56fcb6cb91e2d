/**
 * What the critical path costs. Run:
 * `node --conditions=@flyball/source libs/tracing/bench/critical-path.ts`.
 * Targets: 10,000 spans under 15 ms, 100,000 under 200 ms, in every shape.
 */
import { PathColumns } from '../src/critical-path/columns.ts';
import { criticalPath } from '../src/critical-path/critical-path.ts';
import { linkParents } from '../src/critical-path/link.ts';
import { timeByOperation } from '../src/critical-path/operations.ts';
import { slackAndDrag } from '../src/critical-path/slack.ts';
import { HOST_UNKNOWN, SPAN_KIND } from '../src/critical-path/types.ts';
import { createPathWorkspace, type PathWorkspace } from '../src/critical-path/workspace.ts';

const SMALL_TRACES = 20_000;
const ROUNDS = 7;

type Edges = [startNs: number, endNs: number, parent: number];

/** A small seeded generator, so that every run measures the same traces. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const shapes: Record<string, (n: number) => Edges[]> = {
  deep: (n) => Array.from({ length: n }, (_, i) => [i, 3 * n - i, i - 1]),
  'siblings, overlapping': (n) => {
    const next = random(1);
    return Array.from({ length: n }, (_, i) => {
      if (i === 0) return [0, 1e9, -1];
      const start = Math.floor(next() * 9e8);
      return [start, start + Math.floor(next() * 1e8), 0];
    });
  },
  'back to back': (n) =>
    Array.from({ length: n }, (_, i) =>
      i === 0 ? [0, 10_000 * n, -1] : [10_000 * (i - 1), 10_000 * i, 0],
    ),
  'realistic tree': (n) => realistic(n),
};

/** Each span calls up to a few others, mostly one after the other, at times side by side. */
function realistic(n: number): Edges[] {
  const next = random(2);
  const spans: Edges[] = [[0, 60e9, -1]];
  const free = [0];
  for (let at = 0; spans.length < n; at = (at + 1) % spans.length) {
    const parent = spans[at]!;
    const length = parent[1] - parent[0];
    if (length < 20 && at > 0) continue;
    const calls = 1 + Math.floor(next() * 6);
    let from = Math.max(parent[0], free[at] ?? 0);
    for (let i = 0; i < calls && spans.length < n; i++) {
      const end = from + Math.floor((next() * (parent[1] - from)) / 2);
      free[spans.length] = from;
      spans.push([from, end, at]);
      if (next() < 0.7) from = end + Math.floor(next() * 0.05 * length);
      if (from >= parent[1]) break;
    }
    free[at] = from;
  }
  return spans;
}

function columnsOf(spans: readonly Edges[], ws: PathWorkspace): PathColumns {
  const columns = new PathColumns();
  columns.reset(spans.length);
  for (const [i, [startNs, endNs, parent]] of spans.entries()) {
    columns.startNs[i] = startNs;
    columns.endNs[i] = endNs;
    columns.kind[i] = i % 2 === 0 ? SPAN_KIND.server : SPAN_KIND.client;
    columns.service[i] = i % 7;
    columns.operation[i] = i % 23;
    columns.host[i] = HOST_UNKNOWN;
    columns.blocking[i] = -1;
    columns.idLo[i] = i + 1;
    columns.idHi[i] = Math.imul(i + 1, 0x9e3779b1);
    columns.parentLo[i] = parent + 1;
    columns.parentHi[i] = parent < 0 ? 0 : Math.imul(parent + 1, 0x9e3779b1);
  }
  linkParents(columns, ws, () => 0);
  return columns;
}

function medianMs(work: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const before = performance.now();
    work();
    return performance.now() - before;
  });
  return times.sort((a, b) => a - b)[ROUNDS >> 1]!;
}

/** The worst over all shapes, linking parents included, ms, by number of spans. */
const worstMs = new Map<number, number>();
/** The same with slack and drag. */
const worstWithSlackMs = new Map<number, number>();

function large(name: string, n: number): void {
  const ws = createPathWorkspace();
  const columns = columnsOf(shapes[name]!(n), ws);
  const before = performance.now();
  const path = criticalPath(columns);
  const firstMs = performance.now() - before;
  const linkMs = medianMs(() => linkParents(columns, ws, () => 0));
  const pathMs = medianMs(() => criticalPath(columns, ws));
  const again = criticalPath(columns, ws);
  const slackMs = medianMs(() => slackAndDrag(columns, again));
  worstMs.set(n, Math.max(worstMs.get(n) ?? 0, linkMs + pathMs));
  const allMs = linkMs + pathMs + slackMs;
  worstWithSlackMs.set(n, Math.max(worstWithSlackMs.get(n) ?? 0, allMs));
  const figures = [firstMs, pathMs, slackMs, linkMs].map((ms) => ms.toFixed(1).padStart(9));
  const segments = String(path.segments.count).padStart(8);
  console.log(`${name.padEnd(24)}${String(n).padStart(8)}${segments}${figures.join('')}`);
}

function small(n: number): void {
  const ws = createPathWorkspace();
  const columns = columnsOf(realistic(n), ws);
  const perTrace = (work: () => void) => {
    const ms = medianMs(() => {
      for (let i = 0; i < SMALL_TRACES; i++) work();
    });
    return ((ms * 1000) / SMALL_TRACES).toFixed(2).padStart(9);
  };
  const link = perTrace(() => linkParents(columns, ws, () => 0));
  const path = perTrace(() => criticalPath(columns, ws));
  const all = perTrace(() => {
    linkParents(columns, ws, () => 0);
    const found = criticalPath(columns, ws);
    timeByOperation(columns, found, slackAndDrag(columns, found));
  });
  const spansPerS = Math.round((n / Number(all)) * 1e6).toLocaleString('en');
  console.log(`${String(n).padStart(5)} spans${link}${path}${all}   ${spansPerS} spans/s`);
}

console.log('large traces, ms                  n segments    first     path    slack     link');
for (const name of Object.keys(shapes)) for (const n of [10_000, 100_000]) large(name, n);
console.log(
  '\nsmall traces, us per trace: link, path, all (link, path, slack and drag, by operation)',
);
for (const n of [1, 4, 8, 30, 100]) small(n);

for (const [n, goalMs] of [
  [10_000, 15],
  [100_000, 200],
] as const) {
  const ms = worstMs.get(n) ?? Number.POSITIVE_INFINITY;
  process.send?.({
    bench: 'f',
    what: `critical path of ${n.toLocaleString('en')} spans, worst shape`,
    value: `${ms.toFixed(1)} ms; with slack and drag ${worstWithSlackMs.get(n)?.toFixed(1)} ms`,
    goal: `under ${goalMs} ms`,
    met: ms < goalMs,
  });
}

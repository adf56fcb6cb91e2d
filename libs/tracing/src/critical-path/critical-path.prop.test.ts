import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CriticalPath, criticalPath } from './critical-path.ts';
import { type NaiveSpan, naiveSegments, naiveTrace } from './naive.fixture.ts';
import { anyTrace, columnsOf, garbage, trees } from './traces.fixture.ts';
import { createPathWorkspace } from './workspace.ts';

const RUNS = { numRuns: 1500 };

function segmentsOf(spans: readonly NaiveSpan[], path: CriticalPath) {
  return Array.from({ length: path.segments.count }, (_, i) => ({
    id: spans[path.segments.span[i]!]!.id,
    start: path.segments.startNs[i]!,
    end: path.segments.endNs[i]!,
    sure: path.segments.confidence[i]!,
  }));
}

function pathOf(spans: readonly NaiveSpan[], ws = createPathWorkspace()) {
  const path = criticalPath(columnsOf(spans, ws), ws);
  const warnings = Object.fromEntries(path.warnings.map(({ code, count }) => [code, count]));
  const { rootIndex, durationNs, orphanSpans } = path;
  return {
    path,
    answer: {
      root: spans[rootIndex]?.id,
      durationNs,
      orphanSpans,
      warnings,
      segments: segmentsOf(spans, path),
    },
  };
}

describe('critical path, any trace', () => {
  it('P1: segments are a partition of the root, and nothing throws (P8)', () => {
    fc.assert(
      fc.property(anyTrace(40), (spans) => {
        const { path, answer } = pathOf(spans);
        if (path.rootIndex === -1) {
          expect(answer.segments).toEqual([]);
          return;
        }
        const root = spans[path.rootIndex]!;
        let at = root.start;
        for (const { start, end } of answer.segments) {
          expect(start).toBe(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(at).toBe(Math.max(root.start, root.end));
        const sum = spans.reduce((total, _, i) => total + path.exclusiveNs[i]!, 0);
        expect(sum).toBe(path.durationNs);
      }),
      RUNS,
    );
  });

  it('agrees with the slow obvious twin in segments, confidence, shifts and warnings', () => {
    fc.assert(
      fc.property(anyTrace(), (spans) => {
        const { path, answer } = pathOf(spans);
        const twin = naiveTrace(spans);
        expect(answer.segments).toEqual(naiveSegments(twin));
        expect(answer.root).toBe(twin.root?.span.id);
        expect(answer.warnings).toEqual(twin.counts);
        expect(answer.orphanSpans).toBe(twin.counts.orphans ?? 0);
        const shifts = new Map<string, number>();
        for (let i = 0; i < path.workspace.reached; i++) {
          const span = path.workspace.order[i]!;
          shifts.set(spans[span]!.id, path.shiftNs[span]!);
        }
        expect(shifts).toEqual(twin.shifts);
      }),
      { numRuns: 4000 },
    );
  });

  it('P5: the order of the spans does not matter', () => {
    const shuffled = anyTrace().chain((spans) =>
      fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })),
    );
    fc.assert(
      fc.property(shuffled, ([spans, other]) => {
        expect(pathOf(other).answer).toEqual(pathOf(spans).answer);
      }),
      RUNS,
    );
  });

  it('P5: moving all times moves the answer with them, also across 0', () => {
    const moves = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(anyTrace(), moves, (spans, move) => {
        const moved = spans.map((s) => ({ ...s, start: s.start + move, end: s.end + move }));
        const before = pathOf(spans).answer;
        const segments = before.segments.map((s) => ({
          ...s,
          start: s.start + move,
          end: s.end + move,
        }));
        expect(pathOf(moved).answer).toEqual({ ...before, segments });
      }),
      RUNS,
    );
  });

  it('a workspace used before gives the same answer as a new one', () => {
    const ws = createPathWorkspace();
    fc.assert(
      fc.property(anyTrace(), (spans) => {
        expect(pathOf(spans, ws).answer).toEqual(pathOf(spans).answer);
      }),
      RUNS,
    );
  });

  it('P4: nudging an edge by less than the tolerance keeps touching siblings sequential', () => {
    const lengths = fc.array(fc.integer({ min: 200, max: 5_000 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.infiniteStream(fc.nat(100)), (parts, nudges) => {
        const end = parts.reduce((sum, part) => sum + part, 0);
        const tolerance = Math.min(1_000_000, Math.floor(end / 100));
        let at = 0;
        const child = { kind: 'internal', service: 0, host: 0, blocking: undefined } as const;
        const spans: NaiveSpan[] = [
          { ...child, id: 'f'.repeat(16), parent: undefined, start: 0, end },
        ];
        for (const [i, part] of parts.entries()) {
          const late = Math.min(nudges.next().value!, tolerance);
          const id = (i + 1).toString(16).padStart(16, '0');
          spans.push({ ...child, id, parent: 'f'.repeat(16), start: at, end: at + part + late });
          at += part;
        }
        const { path } = pathOf(spans);
        // Each keeps its place: the overlap is counted once, for the later one.
        expect(spans.map((_, i) => path.exclusiveNs[i])).toEqual([0, ...parts]);
      }),
      RUNS,
    );
  });

  it('P7: without overlap, corrections or a missing root everything is certain', () => {
    const gaps = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 50 })), { maxLength: 20 });
    fc.assert(
      fc.property(gaps, (parts) => {
        const child = { kind: 'internal', service: 0, host: 0, blocking: undefined } as const;
        let at = 0;
        const spans: NaiveSpan[] = parts.map(([gap, length], i) => {
          at += gap + length;
          const id = (i + 1).toString(16).padStart(16, '0');
          return { ...child, id, parent: 'f'.repeat(16), start: at - length, end: at };
        });
        spans.push({ ...child, id: 'f'.repeat(16), parent: undefined, start: 0, end: at + 1 });
        expect(new Set(pathOf(spans).answer.segments.map(({ sure }) => sure))).toEqual(
          new Set([0]),
        );
      }),
      RUNS,
    );
  });

  it('P6: spans declared not blocking, and what is below them, are never on the path', () => {
    fc.assert(
      fc.property(trees({ maxNs: 3_000, maxSpans: 30 }), (spans) => {
        const { path } = pathOf(spans);
        const byId = new Map(spans.map((span) => [span.id, span]));
        for (const [i, span] of spans.entries()) {
          if (path.exclusiveNs[i] === 0) continue;
          for (let s: NaiveSpan | undefined = span; s; s = byId.get(s.parent ?? '')) {
            expect(s.blocking).not.toBe(false);
          }
        }
      }),
      RUNS,
    );
  });

  it('P9: a shifted server lies centred in its client, and keeps its length', () => {
    fc.assert(
      fc.property(garbage({ maxNs: 5_000, maxSpans: 24 }), (spans) => {
        const { path } = pathOf(spans);
        const { start, end, shift, order, reached } = path.workspace;
        for (let i = 1; i < reached; i++) {
          const child = order[i]!;
          const span = spans[child]!;
          const parent = spans.findIndex((_, at) => at === columnsOf(spans).parent[child]);
          const inherited = shift[parent]!;
          if (shift[child] === inherited) continue;
          expect([spans[parent]!.kind, span.kind]).toEqual(['client', 'server']);
          const left = start[child]! - start[parent]!;
          const right = end[parent]! - end[child]!;
          expect(right - left === 0 || right - left === 1).toBe(true);
          expect(start[child]! - shift[child]!).toBe(span.start);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('P8: columns of nonsense numbers give a partition too', () => {
    const times = fc.array(fc.double(), { minLength: 24, maxLength: 24 });
    const parents = fc.array(fc.integer({ min: -9, max: 30 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(anyTrace(), times, times, parents, (spans, starts, ends, wild) => {
        const columns = columnsOf(spans);
        columns.startNs.set(starts.slice(0, columns.n));
        columns.endNs.set(ends.slice(0, columns.n));
        columns.parent.set(wild.slice(0, columns.n));
        const path = criticalPath(columns);
        let sum = 0;
        for (const { start, end } of segmentsOf(spans, path)) sum += end - start;
        expect(sum).toBe(path.durationNs);
      }),
      RUNS,
    );
  });
});

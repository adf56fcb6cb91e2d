import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPath } from './critical-path.ts';
import {
  type Change,
  type NaiveSpan,
  naiveDuration,
  naiveNodes,
  naiveTrace,
} from './naive.fixture.ts';
import { slackAndDrag } from './slack.ts';
import { anyTrace, columnsOf, garbage, trees } from './traces.fixture.ts';
import { whatIf } from './what-if.ts';
import { createPathWorkspace } from './workspace.ts';

const FAR_NS = 2 ** 45;

function analyse(spans: readonly NaiveSpan[]) {
  const ws = createPathWorkspace();
  const columns = columnsOf(spans, ws);
  const path = criticalPath(columns, ws);
  return { columns, path, ...slackAndDrag(columns, path) };
}

/** Root's duration in the twin's model, and the index of each span that the model has. */
function twinOf(spans: readonly NaiveSpan[], kept: (i: number) => boolean) {
  const { root } = naiveTrace(spans);
  if (root === undefined) return { duration: () => 0, modelled: new Map<string, number>() };
  const ids = new Set(naiveNodes(root).map((node) => node.span.id));
  const modelled = new Map<string, number>();
  for (const [i, span] of spans.entries()) {
    if (ids.has(span.id) && kept(i)) modelled.set(span.id, i);
  }
  return { duration: (change: Change) => naiveDuration(root, change), modelled };
}

describe('slack, drag and what-if', () => {
  it('the model gives back what was seen when nothing is changed', () => {
    fc.assert(
      fc.property(anyTrace(), (spans) => {
        const { columns, path } = analyse(spans);
        expect(whatIf(columns, path, () => 1)).toEqual({
          durationNs: path.durationNs,
          savedNs: 0,
        });
        expect(twinOf(spans, () => true).duration({})).toBe(path.durationNs);
      }),
      { numRuns: 1500 },
    );
  });

  it('slack: ending that much later costs nothing, any more delays the root by the excess', () => {
    fc.assert(
      fc.property(anyTrace(), (spans) => {
        const { columns, path, slackNs } = analyse(spans);
        const { duration, modelled } = twinOf(spans, (i) => columns.parent[i] !== -3);
        for (const [i, span] of spans.entries()) {
          const slack = slackNs[i]!;
          if (modelled.get(span.id) !== i) {
            expect(slack).toBeNaN();
            continue;
          }
          const later = (ns: number) => duration({ later: (id) => (id === span.id ? ns : 0) });
          expect(slack).toBeGreaterThanOrEqual(0);
          expect(later(slack)).toBe(path.durationNs);
          expect(later(slack + 1)).toBe(path.durationNs + 1);
          expect(later(FAR_NS) - path.durationNs).toBe(FAR_NS - slack);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('drag: what the root gains when the own time of one span becomes zero', () => {
    const shapes = fc.oneof(anyTrace(), anyTrace(12), trees({ maxNs: 30, maxSpans: 16 }));
    fc.assert(
      fc.property(shapes, (spans) => {
        const { columns, path, dragNs, slackNs } = analyse(spans);
        const { duration, modelled } = twinOf(spans, (i) => columns.parent[i] !== -3);
        for (const [id, i] of modelled) {
          const gone = duration({ scale: (other) => (other === id ? 0 : 1) });
          expect(dragNs[i]).toBe(path.durationNs - gone);
          expect(dragNs[i]).toBeLessThanOrEqual(path.exclusiveNs[i]!);
          if (path.exclusiveNs[i]! > 0) expect(slackNs[i]).toBe(0);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('what-if: any mix of factors as in the twin', () => {
    const factors = fc.constantFrom(0, 0.25, 0.5, 1, 1, 1, 2);
    const traces = fc.oneof(anyTrace(), garbage({ maxNs: 5_000, maxSpans: 30 }));
    fc.assert(
      fc.property(traces, fc.array(factors, { minLength: 3, maxLength: 40 }), (spans, scales) => {
        const { columns, path } = analyse(spans);
        const byId = new Map<string, number>();
        const scaleOf = (i: number) => scales[i % scales.length]!;
        const { duration, modelled } = twinOf(spans, (i) => columns.parent[i] !== -3);
        for (const [id, i] of modelled) byId.set(id, scaleOf(i));
        const expected = duration({ scale: (id) => byId.get(id) ?? 1 });
        expect(whatIf(columns, path, scaleOf).durationNs).toBe(Math.round(expected));
      }),
      { numRuns: 1500 },
    );
  });

  it('what-if: less work never makes the root slower', () => {
    fc.assert(
      fc.property(
        anyTrace(),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (spans, cuts) => {
          const { columns, path } = analyse(spans);
          expect(whatIf(columns, path, (i) => cuts[i] ?? 1).savedNs).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

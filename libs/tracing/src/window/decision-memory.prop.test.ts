import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TRACE_A, WORDS } from '../otlp/span-table.ts';
import type { Decision } from '../sampling/decision.ts';
import { DecisionMemory, UNKNOWN } from './decision-memory.ts';

const KEPT = 30;
const DROPPED = 120;

function decisionOf(keep: boolean, rule: string): Decision {
  return { keep, probability: 1, threshold: 0n, reason: 'rest', rule };
}

function rowOf(id: number): Int32Array {
  const row = new Int32Array(WORDS);
  row[TRACE_A + 3] = id;
  return row;
}

/** Few buckets are pointed to, so that they overflow. */
const decided = fc.record({ keep: fc.boolean(), bucket: fc.integer({ min: 0, max: 2 }) });

test('a memory knows what was decided since its oldest epoch began, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(decided, { minLength: 200, maxLength: 600 }), (traces) => {
      const memory = new DecisionMemory(KEPT, DROPPED);
      const hash = (id: number) => ((traces[id]?.bucket ?? 0) * 0x55555555) | 0;
      const known = (id: number) => memory.find(rowOf(id), 0, hash(id)) !== UNKNOWN;
      traces.forEach(({ keep }, id) => {
        expect(known(id)).toBe(false);
        memory.add(rowOf(id), 0, hash(id), decisionOf(keep, `${id}`));
      });
      const oldest = traces.findIndex((_, id) => known(id));
      const since = traces.slice(oldest);
      for (const [at, { keep }] of since.entries()) {
        const id = oldest + at;
        const place = memory.find(rowOf(id), 0, hash(id));
        expect(place).not.toBe(UNKNOWN);
        expect(memory.keptAt(place)).toEqual(keep ? decisionOf(true, `${id}`) : undefined);
      }
      const kept = since.filter(({ keep }) => keep).length;
      // Each epoch held its part of one fate; where the mix changes, not all of them of the same.
      const held = kept / KEPT + (since.length - kept) / DROPPED;
      if (oldest > 0) expect(held).toBeGreaterThanOrEqual(1);
      expect(kept).toBeLessThanOrEqual((KEPT / 6) * 7);
    }),
    { numRuns: 100 },
  );
});

test('memories of no size and of very uneven sizes work', () => {
  for (const [kept, dropped] of [
    [0, 0],
    [0, 10_000],
    [10_000, 0],
  ] as const) {
    const memory = new DecisionMemory(kept, dropped);
    for (let id = 1; id < 1000; id += 1) {
      memory.add(rowOf(id), 0, id * 0x9e3779b1, decisionOf(id % 2 === 0, ''));
      expect(memory.find(rowOf(id + 1), 0, (id + 1) * 0x9e3779b1)).toBe(UNKNOWN);
    }
  }
});

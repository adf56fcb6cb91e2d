import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, type Credits, pickNext } from './weighted-round-robin.ts';

function picks(candidates: readonly Candidate[], count: number): string[] {
  let credits: Credits = {};
  return Array.from({ length: count }, () => {
    const picked = pickNext(credits, candidates);
    if (picked === null) throw new Error('nobody was picked');
    credits = picked.credits;
    return picked.id;
  });
}

function countOf(ids: readonly string[], id: string): number {
  return ids.filter((picked) => picked === id).length;
}

const weighted = (weights: readonly number[]): Candidate[] =>
  weights.map((weight, index) => ({ id: `i${index}`, weight }));

describe('smooth weighted round robin', () => {
  it('spreads the picks of the heavy one', () => {
    expect(picks(weighted([5, 1, 1]), 7)).toEqual(['i0', 'i0', 'i1', 'i0', 'i2', 'i0', 'i0']);
  });

  it('gives an instance of weight 0 nothing while another has some', () => {
    expect(countOf(picks(weighted([1, 0]), 20), 'i1')).toBe(0);
  });

  it('treats weights that add up to nothing as equal', () => {
    expect(countOf(picks(weighted([0, 0, 0, 0]), 40), 'i2')).toBe(10);
  });

  it('picks nobody when there is nobody', () => {
    expect(pickNext({}, [])).toBeNull();
  });

  it('goes on fairly when an instance leaves and another comes', () => {
    const first = pickNext({}, weighted([1, 1]));
    const after = pickNext(first?.credits ?? {}, [{ id: 'new', weight: 1 }]);
    expect(after).toEqual({ id: 'new', credits: { new: 0 } });
  });

  it('picks each exactly weight times in a round, and never far from its share', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        weights.filter((values) => values.some((value) => value > 0)),
        (values) => {
          const sum = values.reduce((total, value) => total + value, 0);
          const ids = picks(weighted(values), sum);
          values.forEach((weight, index) => {
            expect(countOf(ids, `i${index}`)).toBe(weight);
          });
          for (let length = 1; length <= sum; length += 1) {
            values.forEach((weight, index) => {
              const fair = (length * weight) / sum;
              const got = countOf(ids.slice(0, length), `i${index}`);
              expect(Math.abs(got - fair)).toBeLessThan(values.length);
            });
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { NEWCOMER, observeCheck } from './health.ts';

function after(results: string): boolean[] {
  let state = NEWCOMER;
  return [...results].map((result) => {
    state = observeCheck(state, result === '+');
    return state.healthy;
  });
}

describe('the health of an instance', () => {
  it('ends with three failures in a row and begins again with two passes', () => {
    expect(after('+--+---+-++')).toEqual([
      true,
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
  });
});

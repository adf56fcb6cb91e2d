import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTraceParent, parseTraceParent } from './trace-parent.ts';
import {
  eraseThreshold,
  formatThreshold,
  probabilityOf,
  readSampling,
  THRESHOLD_LIMIT,
  thresholdOf,
  writeThreshold,
} from './trace-state.ts';

const ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  test('of version 00', () => {
    const parent = { traceId: ID, spanId: SPAN, sampled: true };
    expect(parseTraceParent(`00-${ID}-${SPAN}-01`)).toEqual(parent);
    expect(formatTraceParent(parent)).toBe(`00-${ID}-${SPAN}-01`);
    expect(parseTraceParent(`00-${ID}-${SPAN}-02`)?.sampled).toBe(false);
  });

  test('of a later version may be longer', () => {
    expect(parseTraceParent(`01-${ID}-${SPAN}-01-more`)).toBeDefined();
    expect(parseTraceParent(`00-${ID}-${SPAN}-01-more`)).toBeUndefined();
  });

  test.each([
    '',
    `ff-${ID}-${SPAN}-01`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID}-${SPAN}`,
  ])('%s is not valid', (header) => {
    expect(parseTraceParent(header)).toBeUndefined();
  });
});

describe('the ot member', () => {
  test('is read', () => {
    expect(readSampling('a=1,ot=th:c;rv:00000000000001,b=2')).toEqual({
      threshold: 0xcn << 52n,
      randomness: 1n,
    });
    expect(readSampling('ot=th:0').threshold).toBe(0n);
    expect(readSampling('')).toEqual({ threshold: undefined, randomness: undefined });
  });

  test.each(['ot=th:C', 'ot=th:', 'ot=th:0123456789abcde', 'ot=th:xyz', 'ot=rv:1', 'oth=th:8'])(
    '%s says nothing',
    (traceState) => {
      expect(readSampling(traceState)).toEqual({ threshold: undefined, randomness: undefined });
    },
  );

  test('is written to the front; the rest stays as it came', () => {
    expect(writeThreshold('', 1n << 55n)).toBe('ot=th:8');
    expect(writeThreshold('a=1,b=2', 0n)).toBe('ot=th:0,a=1,b=2');
    expect(writeThreshold('a=1,ot=th:4;rv:0123456789abcd;x:y,b=2', 0xcn << 52n)).toBe(
      'ot=th:c;rv:0123456789abcd;x:y,a=1,b=2',
    );
    expect(writeThreshold('ot=th:ZZ;rv:1,b=2', 0n)).toBe('ot=th:0,b=2');
  });

  test('leaves 32 members at most, and long values whole', () => {
    const members = Array.from({ length: 32 }, (_, n) => `k${n}=${'v'.repeat(60)}`);
    const written = writeThreshold(members.join(','), 0n).split(',');
    expect(written).toEqual(['ot=th:0', ...members.slice(0, 31)]);
  });

  test('of a probability is its threshold, there and back', () => {
    expect(formatThreshold(thresholdOf(1))).toBe('0');
    expect(formatThreshold(thresholdOf(0.5))).toBe('8');
    expect(formatThreshold(thresholdOf(0.25))).toBe('c');
    expect(formatThreshold(thresholdOf(0.01)).startsWith('fd70a3d70a3d')).toBe(true);
    expect(thresholdOf(0)).toBe(THRESHOLD_LIMIT - 1n);
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1, noNaN: true }), (probability) => {
        const threshold = thresholdOf(probability);
        expect(probabilityOf(threshold)).toBeCloseTo(probability, 12);
        const read = readSampling(writeThreshold('x=1', threshold)).threshold;
        expect(read).toBe(threshold);
      }),
    );
  });
});

test('a threshold is erased without touching anything else', () => {
  expect(eraseThreshold('ot=th:8')).toBe('');
  expect(eraseThreshold('a=1,ot=th:8;rv:ffffffffffffff,b=2')).toBe('ot=rv:ffffffffffffff,a=1,b=2');
  expect(eraseThreshold('a=1,ot=rv:ffffffffffffff')).toBe('a=1,ot=rv:ffffffffffffff');
  expect(eraseThreshold('')).toBe('');
});

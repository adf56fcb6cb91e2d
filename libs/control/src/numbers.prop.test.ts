import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tidy } from './numbers.ts';

test('the noise of binary fractions goes, whatever the size', () => {
  expect(900 * 1.1).not.toBe(990);
  expect(tidy(900 * 1.1)).toBe(990);
  expect(tidy(0.1 + 0.2)).toBe(0.3);
  expect(tidy(-(0.1 + 0.2))).toBe(-0.3);
  expect(tidy((0.1 + 0.2) * 1e-9)).toBe(3e-10);
  expect(tidy(123_456_789_012_345)).toBe(123_456_789_012_000);
  expect([0, 1e-3, 1e9, 1e300].map(tidy)).toEqual([0, 1e-3, 1e9, 1e300]);
});

test('what is no number stays what it is', () => {
  expect(tidy(Number.NaN)).toBeNaN();
  expect(tidy(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
});

test('a number of at most twelve digits is left alone', () => {
  const digits = fc.integer({ min: -999_999_999, max: 999_999_999 });
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 12 }), (whole, places) => {
      const value = whole / 10 ** places;
      expect(tidy(value)).toBe(value);
    }),
  );
});

test('it says what printing twelve digits says, but for ties', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const printed = Number(value.toPrecision(12));
      expect(Math.abs(tidy(value) - printed)).toBeLessThanOrEqual(Math.abs(printed) * 1.01e-11);
    }),
  );
});

test('twice is once', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), (value) => {
      expect(tidy(tidy(value))).toBe(tidy(value));
    }),
  );
});

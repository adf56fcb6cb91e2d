import { expect, test } from 'vitest';
import { pidTerms } from './terms.ts';

const GAINS = { kp: 2, ki: 0.5, kd: 6, setpointWeight: 0.25, derivativeFilterN: 3 };

test('all terms of a sample', () => {
  // Td 3 s, filter 1 s: in 4 s it takes 4 / 5 of the way from 5 to 10.
  expect(pidTerms(GAINS, 5, { setpoint: 8, measured: 10, dtS: 4 })).toEqual({
    error: -2,
    weightedError: 0.25 * 8 - 10,
    integralStep: 0.5 * -2 * 4,
    derivative: (-6 * 4) / 4,
    filtered: 9,
  });
});

test('without a proportional gain Td is kd itself', () => {
  // Filter 6 / 3 = 2 s: in 2 s half of the way.
  const terms = pidTerms({ ...GAINS, kp: 0 }, 5, { setpoint: 8, measured: 10, dtS: 2 });
  expect(terms).toMatchObject({ filtered: 7.5, derivative: (-6 * 2.5) / 2 });
});

test('the first sample neither integrates nor derives', () => {
  for (const filtered of [null, 5]) {
    expect(pidTerms(GAINS, filtered, { setpoint: 8, measured: 10, dtS: null })).toEqual({
      error: -2,
      weightedError: -8,
      integralStep: 0,
      derivative: 0,
      filtered: 10,
    });
  }
});

test('after a gap in the slope it integrates and does not derive', () => {
  expect(pidTerms(GAINS, null, { setpoint: 8, measured: 10, dtS: 4 })).toEqual({
    error: -2,
    weightedError: -8,
    integralStep: -4,
    derivative: 0,
    filtered: 10,
  });
});

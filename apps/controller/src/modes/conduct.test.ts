import { expect, test } from 'vitest';
import { playbookFor } from './conduct.ts';

const playbooks = { floor: { rateRatio: 0.2, weights: 'equal' as const } };

test('Floor by failures asks for equal weights', () => {
  const report = { mode: 'floor', worst: 'resilience', recovery: null } as const;
  expect(playbookFor(playbooks, report)).toEqual({ rateRatio: 0.2, weights: 'equal' });
});

test('Floor by uneven load leaves the weights to their law', () => {
  const report = { mode: 'floor', worst: 'load', recovery: null } as const;
  expect(playbookFor(playbooks, report)).toEqual({ rateRatio: 0.2 });
});

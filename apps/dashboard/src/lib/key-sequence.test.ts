import { expect, test } from 'vitest';
import { pressKey } from './key-sequence.ts';

test('a single key is its own name; g waits for the second', () => {
  expect(pressKey(null, '?', 0).name).toBe('?');
  const waiting = pressKey(null, 'g', 0);
  expect(waiting.name).toBeNull();
  expect(pressKey(waiting.state, 'm', 300).name).toBe('g m');
});

test('a pair that took too long is two keys', () => {
  const waiting = pressKey(null, 'g', 0);
  expect(pressKey(waiting.state, 'm', 5000)).toEqual({ state: null, name: 'm' });
});

import { expect, test } from 'vitest';
import { TakenBatches } from './taken-batches.ts';

test('a batch is recognised when it comes again, and an older one too', () => {
  const taken = new TakenBatches();
  expect(taken.has('a/1')).toBe(false);
  taken.add('a/1');
  expect(taken.has('a/1')).toBe(true);
  expect(taken.has('a/2')).toBe(false);
  expect(taken.has('b/1')).toBe(false);
  taken.add('a/2');
  expect(taken.has('a/1')).toBe(true);
});

test('a batch without a name, or with a strange one, is always new', () => {
  const taken = new TakenBatches();
  for (const name of [undefined, '', 'a', '/1', 'a/b', `${'a'.repeat(65)}/1`]) {
    taken.add(name);
    expect(taken.has(name)).toBe(false);
  }
});

test('of very many senders the latest are remembered', () => {
  const taken = new TakenBatches();
  taken.add('first/1');
  for (let sender = 0; sender < 5000; sender += 1) taken.add(`s${sender}/1`);
  expect(taken.has('first/1')).toBe(false);
  expect(taken.has('s4999/1')).toBe(true);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pattern } from './pattern.ts';

const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\b',
  '1',
  '[a-c1]',
);
const source: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    atom,
    fc.tuple(tie('node'), tie('node')).map(([left, right]) => left + right),
    fc.tuple(tie('node'), tie('node')).map(([left, right]) => `(?:${left}|${right})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,}', '*?'))
      .map(([of, sign]) => `(${of})${sign}`),
    tie('node').map((of) => `^${of}`),
    tie('node').map((of) => `${of}$`),
  ),
})).node;

test('finds what the engine of the language finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ', 'é'), maxLength: 12 });
  fc.assert(
    fc.property(source, text, (pattern, subject) => {
      expect(new Pattern(pattern).test(subject)).toBe(new RegExp(pattern).test(subject));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['(?i)^get /', 'GET /health', true],
  ['(?i)[a-z]+X', 'abx', true],
  ['^pay(ment)?s?$', 'payments', true],
  ['\\.json$', 'a/b.json', true],
  ['\\.json$', 'a/bxjson', false],
  ['[]-]', ']', true],
  ['x{,3}', 'x{,3}', true],
])('%s in %s: %s', (pattern, subject, found) => {
  expect(new Pattern(pattern).test(subject)).toBe(found);
});

test('a pattern that would take for ever elsewhere takes steps in proportion', () => {
  expect(new Pattern('^(a+)+$').test(`${'a'.repeat(4000)}b`)).toBe(false);
  expect(new Pattern('(a|a)*(a|a)*(a|a)*c').test('a'.repeat(4000))).toBe(false);
});

describe('what it cannot do is refused with its place', () => {
  test.each([
    ['(a', 'a ( without its ) at character 3'],
    ['a)', 'a ) without its ( at character 2'],
    ['[a', 'a [ without its ] at character 3'],
    ['*a', 'nothing for * to repeat at character 1'],
    ['a**', 'a second repetition at character 3'],
    ['(?=a)', 'only (?: ) is known, no look-around and no names at character 2'],
    ['(a)\\1', '\\1 is not known at character 5'],
    ['[b-a]', 'a range out of order at character 5'],
    ['a{3,2}', 'numbers out of order at character 2'],
    ['(a{1000}){1000}', 'repeats too much: write smaller numbers'],
    ['a'.repeat(257), 'is longer than 256 characters'],
  ])('%s', (pattern, message) => {
    expect(() => new Pattern(pattern)).toThrow(message);
  });
});

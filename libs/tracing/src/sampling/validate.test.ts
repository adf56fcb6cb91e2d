import { expect, test } from 'vitest';
import { DEFAULT_RULES } from './rules.ts';
import { validateRules } from './validate.ts';

test('the default rules are valid', () => {
  expect(validateRules(structuredCopy(DEFAULT_RULES))).toEqual({ ok: true, rules: DEFAULT_RULES });
});

test('every kind of condition is understood', () => {
  const when = {
    kind: 'all',
    of: [
      {
        kind: 'any',
        of: [
          { kind: 'service', anyOf: ['a'] },
          { kind: 'operation', anyOf: ['b'] },
        ],
      },
      { kind: 'not', of: { kind: 'attribute', key: 'k' } },
      { kind: 'attribute', key: 'k', anyOf: ['v'] },
      { kind: 'span_count', atLeast: 2 },
    ],
  };
  const rules = [{ name: 'r', when, probability: 0.5 }];
  expect(validateRules({ rules })).toEqual({ ok: true, rules: { rules } });
});

test('all errors are found, each with its field and what is allowed', () => {
  const result = validateRules({
    rules: [
      { name: 'a', probability: 1.5 },
      { name: 'a', probability: 1, when: { kind: 'nope' } },
      { name: 'b', probability: 1, when: { kind: 'latency', aboveMs: '1s' }, keep: true },
      { name: '', probability: 1, when: { kind: 'all', of: [] } },
      'rest',
    ],
  });
  expect(result.ok).toBe(false);
  if (result.ok) return;
  const fields = result.errors.map(({ field }) => field);
  expect(fields).toEqual([
    'rules[0].probability',
    'rules[1].when.kind',
    'rules[1].name',
    'rules[2].keep',
    'rules[2].when.aboveMs',
    'rules[3].name',
    'rules[3].when.of',
    'rules[4]',
    'rules[4].name',
    'rules[4].probability',
    'rules[4].name',
  ]);
  expect(result.errors[0]?.message).toBe('must be a number from 0 to 1');
});

test.each([undefined, null, [], 'x', { rules: [] }, { rules: 'x' }])('%j is refused', (input) => {
  expect(validateRules(input).ok).toBe(false);
});

test('nesting is bounded', () => {
  let when: unknown = { kind: 'error' };
  for (let level = 0; level < 5000; level += 1) when = { kind: 'not', of: when };
  const result = validateRules({ rules: [{ name: 'r', when, probability: 1 }] });
  expect(result.ok ? '' : result.errors[0]?.message).toMatch(/nested deeper than 20/);
});

function structuredCopy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

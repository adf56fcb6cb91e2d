import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultConfig, faultText, parseConfig } from './file.ts';

function faults(text: string): string[] {
  const result = parseConfig(text, 'c.yaml');
  return result.ok ? [] : result.faults.map(faultText);
}

test('an empty file is the default configuration, the rules of the mission', () => {
  const result = parseConfig('', 'c.yaml');
  expect(result).toEqual({ ok: true, config: defaultConfig() });
  expect(defaultConfig().sampling.rules).toEqual([
    {
      name: 'errors',
      when: { kind: 'span', where: { kind: 'status', anyOf: ['error'] } },
      sampler: { kind: 'probability', probability: 1 },
    },
    {
      name: 'slow',
      when: { kind: 'latency', overMs: 1000 },
      sampler: { kind: 'probability', probability: 1 },
    },
    { name: 'rest', sampler: { kind: 'probability', probability: 0.01 } },
  ]);
  expect(defaultConfig().window).toMatchObject({ delay: 2000, timeout: 30_000 });
});

test('the commented file that is shipped says what the defaults are', () => {
  const file = new URL('../../collector.yaml', import.meta.url);
  const shipped = parseConfig(readFileSync(file, 'utf8'), 'collector.yaml');
  expect(shipped).toEqual({ ok: true, config: defaultConfig() });
});

test('several fields of one condition must all hold', () => {
  const result = parseConfig(
    `sampling:
  rules:
    - name: slow-checkout
      when: { service: checkout, latencyOver: 500ms, not: { operation: [GET /health] } }
      keep: 12.5%
`,
    'c.yaml',
  );
  expect(result.ok && result.config.sampling.rules).toEqual([
    {
      name: 'slow-checkout',
      sampler: { kind: 'probability', probability: 0.125 },
      when: {
        kind: 'all',
        of: [
          { kind: 'latency', overMs: 500 },
          {
            kind: 'span',
            where: { kind: 'service', name: { kind: 'any_of', values: ['checkout'] } },
          },
          {
            kind: 'not',
            of: {
              kind: 'span',
              where: { kind: 'operation', name: { kind: 'any_of', values: ['GET /health'] } },
            },
          },
        ],
      },
    },
  ]);
});

test('a value out of its bounds is named with file, line, field and bound', () => {
  expect(faults('sampling:\n  rules:\n    - name: rest\n      keep: 150%\n')).toEqual([
    'c.yaml:4:13: sampling.rules[0].keep: 150% is above the bound 100%',
  ]);
  expect(faults('window:\n  delay: 2 hours\n')).toEqual([
    'c.yaml:2:10: window.delay: "2 hours" is no duration: write it like 250ms, 30s or 5m',
  ]);
});

test('a field that does not exist is refused at its place', () => {
  expect(faults('window:\n  dealy: 2s\nspoool: {}\n')).toEqual([
    'c.yaml:2:3: window.dealy: there is no such field',
    'c.yaml:3:1: spoool: there is no such field',
  ]);
});

test('relations between fields are checked', () => {
  expect(faults('window:\n  delay: 40s\n  timeout: 30s\n')).toEqual([
    'c.yaml:2:10: window.delay: is longer than window.timeout',
  ]);
});

test('a rule that nothing can reach, and a name used twice, are refused', () => {
  const [unreachable, twice] = faults(`sampling:
  rules:
    - { name: a, keep: 1% }
    - { name: a, keep: 2% }
`);
  expect(unreachable).toContain('c.yaml:3:7: sampling.rules[0]: has no `when`');
  expect(twice).toContain('c.yaml:4:15: sampling.rules[1].name: the name "a" is already');
});

test('wrong YAML is told with its line', () => {
  const [fault] = faults('window:\n  delay: 2s\n delay: [\n');
  expect(fault).toMatch(/^c\.yaml:\d+:\d+: \S/);
});

test('nested conditions are followed into their depth', () => {
  const [fault] = faults(`sampling:
  rules:
    - name: x
      keep: 1%
      when: { any: [{ error: true }, { latencyOver: fast }] }
`);
  expect(fault).toContain('c.yaml:5:53: sampling.rules[0].when.any[1].latencyOver: "fast" is no');
});

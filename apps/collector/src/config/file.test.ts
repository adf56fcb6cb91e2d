import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultConfig, faultText, parseConfig } from './file.ts';
import { configJsonSchema, fieldsAt } from './json-schema.ts';

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

test('the rules that the shipped file proposes can be switched on', () => {
  const file = new URL('../../collector.yaml', import.meta.url);
  const text = readFileSync(file, 'utf8').replace(
    /^( {4})# (- name:| {2}when:| {2}limit:)/gm,
    '$1$2',
  );
  const shipped = parseConfig(text, 'collector.yaml');
  if (!shipped.ok) throw new Error(shipped.faults.map(faultText).join('; '));
  expect(shipped.config.sampling.rules.map(({ name, sampler }) => [name, sampler.kind])).toEqual([
    ['errors', 'probability'],
    ['slow', 'probability'],
    ['new-version', 'limit'],
    ['new-edge', 'limit'],
    ['rest', 'probability'],
  ]);
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
    'c.yaml:2:3: window.dealy: there is no such field: did you mean delay?',
    'c.yaml:3:1: spoool: there is no such field: did you mean spool?',
  ]);
  expect(faults('receive:\n  colour: red\n')).toEqual([
    'c.yaml:2:3: receive.colour: there is no such field; there are maxBody, maxInFlight, ' +
      'requestTimeout, maxConnections, maxJsonBody, cors',
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

test('a budget with a condition on each part lets traces go on', () => {
  const budget = (part: string) => `sampling:
  rules:
    - { name: a, budget: { spansPerSecond: 9, parts: [{ name: p, share: 1${part} }] } }
    - { name: b, keep: 2% }
`;
  expect(faults(budget(', when: { error: true }'))).toEqual([]);
  expect(faults(budget(''))).toHaveLength(1);
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

test('what a misspelt field leaves missing is not a second fault', () => {
  const [fault, ...more] = faults(
    'sampling: { rules: [{ name: r, keep: 1%, when: { eror: true } }] }',
  );
  expect(fault).toContain('when.eror: there is no such field: did you mean error?');
  expect(more).toEqual([]);
});

const ruleOf = (text: string) => {
  const result = parseConfig(`sampling: { rules: [{ name: r, ${text} }] }`, 'c.yaml');
  if (!result.ok) throw new Error(result.faults.map(faultText).join());
  return result.config.sampling.rules[0];
};
const faultsOfRule = (text: string) =>
  faults(`sampling: { rules: [{ name: r, ${text} }] }`).map((fault) => fault.split(': ').slice(1));

describe('rules', () => {
  test.each([
    ['drop: true, when: { error: true }', { kind: 'drop' }],
    [
      'limit: { spansPerSecond: 500 }',
      { kind: 'limit', unit: 'spans', perSecond: 500, burst: 500, probability: 1 },
    ],
    [
      'keep: 50%, limit: { bytesPerSecond: 1MiB, burst: 4MiB }',
      { kind: 'limit', unit: 'bytes', perSecond: 2 ** 20, burst: 2 ** 22, probability: 0.5 },
    ],
    [
      'dynamic: { by: [service, { attribute: http.route }], keep: 5% }',
      {
        kind: 'dynamic',
        by: [{ kind: 'service' }, { kind: 'attribute', key: 'http.route' }],
        unit: 'traces',
        target: { kind: 'share', share: 0.05 },
        everyMs: 10_000,
        weight: 0.5,
        maxKeys: 1000,
      },
    ],
    [
      'budget: { tracesPerSecond: 9, parts: [{ name: a, when: { error: true }, share: 2 }, ' +
        '{ name: b, share: 1, keep: 10% }] }',
      {
        kind: 'budget',
        unit: 'traces',
        perSecond: 9,
        burst: 9,
        parts: [
          {
            name: 'a',
            share: 2,
            probability: 1,
            when: { kind: 'span', where: { kind: 'status', anyOf: ['error'] } },
          },
          { name: 'b', share: 1, probability: 0.1 },
        ],
      },
    ],
  ])('%s', (text, sampler) => {
    expect(ruleOf(text)?.sampler).toEqual(sampler);
  });

  test.each([
    ['keep: 1%, drop: true', 'say exactly one of keep, limit, dynamic, budget, drop'],
    ['dryRun: true', 'none of them is given'],
    ['drop: true', 'has no `when`, so every trace would be dropped'],
    ['limit: {}', 'say exactly one of tracesPerSecond, spansPerSecond, bytesPerSecond'],
    ['keep: 1%, when: { operation: { matches: "(a" } }', '"(a" is no pattern'],
    ['keep: 1%, when: { attribute: { key: a, equals: 1, above: 2 } }', 'say one of equals, above'],
    ['keep: 1%, when: { edge: { from: a, to: a } }', 'is the same service'],
    ['keep: 1%, when: { spam: { error: true } }', 'did you mean span?'],
    ['keep: 1%, when: { criticalPath: { service: a } }', 'say how much: over, or share'],
    [
      'keep: 1%, when: { all: [{ not: { kind: sever } }] }',
      'sampling.rules[0].when.all[0].not.kind',
    ],
  ])('%s is refused', (text, message) => {
    expect(faultsOfRule(text).join()).toContain(message.split(': ').join());
  });
});

test('conditions as they are written and as they are taken', () => {
  const when = (text: string) => ruleOf(`keep: 1%, when: ${text}`)?.when;
  const span = (where: object) => ({ kind: 'span', where });
  const attribute = (rest: object) => ({ kind: 'attribute', key: 'k', on: 'either', ...rest });
  const cases: [string, object][] = [
    ['{ status: [ok, error] }', span({ kind: 'status', anyOf: ['ok', 'error'] })],
    ['{ kind: server }', span({ kind: 'span_kind', anyOf: ['server'] })],
    [
      '{ service: { matches: ^p } }',
      span({ kind: 'service', name: { kind: 'matches', pattern: '^p' } }),
    ],
    ['{ attribute: { key: k } }', span(attribute({ value: { kind: 'exists' } }))],
    [
      '{ attribute: { key: k, atLeast: 500 } }',
      span(attribute({ value: { kind: 'number', atLeast: 500 } })),
    ],
    [
      '{ attribute: { key: k, on: span, between: [1, 2] } }',
      span(attribute({ on: 'span', value: { kind: 'number', atLeast: 1, atMost: 2 } })),
    ],
    [
      '{ attribute: { key: k, equals: true } }',
      span(attribute({ value: { kind: 'boolean', is: true } })),
    ],
    [
      '{ attribute: { key: k, anyOf: [1, a] } }',
      span(attribute({ value: { kind: 'any_of', values: ['1', 'a'] } })),
    ],
    ['{ sampled: false }', span({ kind: 'flag', flag: 'sampled', is: false })],
    [
      '{ traceState: { key: v } }',
      span({ kind: 'trace_state', key: 'v', value: { kind: 'exists' } }),
    ],
    [
      '{ root: { latencyOver: 1s, error: true } }',
      {
        kind: 'root',
        where: {
          kind: 'all',
          of: [
            { kind: 'status', anyOf: ['error'] },
            { kind: 'latency', overMs: 1000 },
          ],
        },
      },
    ],
    ['{ spansAtMost: 9 }', { kind: 'span_count', atMost: 9 }],
    [
      '{ criticalPath: { share: 50%, service: db } }',
      { kind: 'critical_path', overShare: 0.5, service: { kind: 'any_of', values: ['db'] } },
    ],
    ['{ edge: { from: a, to: b } }', { kind: 'edge', caller: 'a', callee: 'b' }],
    ['{ newEdge: true }', { kind: 'new', what: 'edge', forMs: 0 }],
    ['{ newVersion: true }', { kind: 'new', what: 'version', forMs: 0 }],
    [
      '{ newOperation: { unseenFor: 1h, for: 10m } }',
      { kind: 'new', what: 'operation', unseenForMs: 3_600_000, forMs: 600_000 },
    ],
  ];
  for (const [text, condition] of cases) expect(when(text), text).toEqual(condition);
});

test('the JSON Schema for editors is that of what checks the file', () => {
  expect(configJsonSchema()).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
    properties: { window: { properties: { delay: { default: '2s' } } } },
  });
  expect(JSON.stringify(configJsonSchema())).toContain('"anyOf":[{"required":["keep"]}');
  expect(fieldsAt(['sampling', 'rules', 0, 'when', 'any', 1, 'span'])).toContain('latencyOver');
});

describe('docs/sampling.md', () => {
  const docs = readFileSync(new URL('../../../../docs/sampling.md', import.meta.url), 'utf8');

  test('the examples are good', () => {
    const blocks = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) {
      const indented = block.replaceAll('\n', '\n      ');
      const rule = `sampling:\n  rules:\n    - name: example\n      ${indented}\n`;
      expect(faults(block.startsWith('sampling:') ? block : rule)).toEqual([]);
    }
  });

  test('so are the conditions and samplers in its tables', () => {
    const cells = docs
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
      .map(([, code]) => code ?? '')
      .filter((code) => /^\w+: /.test(code) && !code.includes('...'));
    const samplers = cells.filter((code) => /^(keep|limit|drop):/.test(code));
    const conditions = cells.filter((code) => !/^(keep|limit|drop):/.test(code));
    expect([samplers.length, conditions.length]).toEqual([4, expect.any(Number)]);
    expect(conditions.length).toBeGreaterThan(15);
    for (const code of conditions) expect(faultsOfRule(`keep: 1%, when: { ${code} }`)).toEqual([]);
    for (const code of samplers) {
      expect(faultsOfRule(`${code}, when: { error: true }`), code).toEqual([]);
    }
  });
});

import { describe, expect, test } from 'vitest';
import { decodeSpan } from '../otlp/decode-span.ts';
import { Interner } from '../otlp/interner.ts';
import { type SpanSketch, traceOf } from '../otlp/trace.fixture.ts';
import type { Condition, SamplerSpec, SamplingRules, SpanCondition } from './rules.ts';
import { Sampler } from './sampler.ts';

const strings = new Interner();

const share = (probability: number): SamplerSpec => ({ kind: 'probability', probability });
const ERROR: Condition = { kind: 'span', where: { kind: 'status', anyOf: ['error'] } };
const service = (...values: string[]): SpanCondition => ({
  kind: 'service',
  name: { kind: 'any_of', values },
});
const operation = (...values: string[]): SpanCondition => ({
  kind: 'operation',
  name: { kind: 'any_of', values },
});

/** Errors, slow traces, and one in a hundred of the rest. */
const USUAL: SamplingRules = {
  rules: [
    { name: 'errors', when: ERROR, sampler: share(1) },
    { name: 'slow', when: { kind: 'latency', overMs: 1000 }, sampler: share(1) },
    { name: 'rest', sampler: share(0.01) },
  ],
};

/** Trace ids with the greatest and the least randomness. */
const LUCKY = `${'1'.repeat(18)}${'f'.repeat(14)}`;
const UNLUCKY = `${'1'.repeat(18)}${'0'.repeat(14)}`;

function decided(rules: SamplingRules, ...spans: SpanSketch[]) {
  return new Sampler(strings, rules).decide(traceOf(strings, spans), 0);
}

describe('the usual rules', () => {
  test('keep every error', () => {
    const spans = [
      { id: 'a', traceId: UNLUCKY },
      { id: 'b', parent: 'a', error: true },
    ];
    const traced = spans.map((span) => ({ ...span, traceId: UNLUCKY }));
    expect(decided(USUAL, ...traced)).toMatchObject({
      keep: true,
      probability: 1,
      threshold: 0n,
      reason: 'error',
      rule: 'errors',
    });
  });

  test('keep what took over a second from first start to last end, not a second exactly', () => {
    const spans = (end: number): SpanSketch[] => [
      { id: 'a', traceId: UNLUCKY, start: 0, end: 600 },
      { id: 'b', parent: 'a', traceId: UNLUCKY, start: 500, end },
    ];
    expect(decided(USUAL, ...spans(1000)).keep).toBe(false);
    expect(decided(USUAL, ...spans(1000.001))).toMatchObject({ reason: 'latency' });
  });

  test('keep one in a hundred of the rest, by the randomness of the trace id', () => {
    expect(decided(USUAL, { id: 'a', traceId: LUCKY })).toMatchObject({
      keep: true,
      probability: expect.closeTo(0.01, 12),
      reason: 'rest',
      rule: 'rest',
    });
    expect(decided(USUAL, { id: 'a', traceId: UNLUCKY }).keep).toBe(false);
  });

  test('explicit randomness goes before the trace id', () => {
    const lucky = { id: 'a', traceId: UNLUCKY, traceState: 'ot=rv:ffffffffffffff' };
    expect(decided(USUAL, lucky).keep).toBe(true);
    const unlucky = { id: 'b', parent: 'a', traceId: LUCKY, traceState: 'ot=rv:00000000000000' };
    expect(decided(USUAL, { id: 'a', traceId: LUCKY }, unlucky).keep).toBe(false);
  });
});

describe('a kept span says how it was sampled', () => {
  const HALF: SamplingRules = { rules: [{ name: 'half', sampler: share(0.5) }] };

  function rowOf(span: SpanSketch, rules: SamplingRules) {
    const trace = traceOf(strings, [span]);
    return decodeSpan(trace.spans, 0, strings, new Sampler(strings, rules).decide(trace, 0));
  }

  test('in tracestate and as SampleRate', () => {
    const row = rowOf({ id: 'a', traceId: LUCKY, traceState: 'v=1' }, HALF);
    expect(row.TraceState).toBe('ot=th:8,v=1');
    expect(row.SpanAttributes).toEqual({ SampleRate: '2' });
  });

  test('an earlier threshold is only ever raised', () => {
    const stricter = rowOf({ id: 'a', traceId: LUCKY, traceState: 'ot=th:c' }, HALF);
    expect([stricter.TraceState, stricter.SpanAttributes]).toEqual([
      'ot=th:c',
      { SampleRate: '4' },
    ]);
    const looser = rowOf({ id: 'a', traceId: LUCKY, traceState: 'ot=th:4' }, HALF);
    expect([looser.TraceState, looser.SpanAttributes]).toEqual(['ot=th:8', { SampleRate: '2' }]);
  });

  test('a threshold that would have rejected the span is not believed', () => {
    const all: SamplingRules = { rules: [{ name: 'all', sampler: share(1) }] };
    const row = rowOf({ id: 'a', traceId: UNLUCKY, traceState: 'ot=th:c' }, all);
    expect([row.TraceState, row.SpanAttributes]).toEqual(['ot=th:0', { SampleRate: '1' }]);
  });
});

describe('order', () => {
  const health = { id: 'a', name: 'GET /health', error: true, traceId: LUCKY };
  const isHealth: Condition = { kind: 'root', where: operation('GET /health') };

  test('the first rule that holds decides; without any the trace is dropped', () => {
    const rules: SamplingRules = {
      rules: [
        { name: 'health', when: isHealth, sampler: share(0) },
        { name: 'errors', when: ERROR, sampler: share(1) },
      ],
    };
    expect(decided(rules, health)).toMatchObject({ keep: false, rule: 'health', reason: 'match' });
    expect(decided(rules, { id: 'a' })).toMatchObject({
      keep: false,
      reason: 'no_match',
      rule: '',
    });
  });

  test('a veto wins wherever it stands', () => {
    const rules: SamplingRules = {
      rules: [
        { name: 'errors', when: ERROR, sampler: share(1) },
        { name: 'no-health', when: isHealth, sampler: { kind: 'drop' } },
      ],
    };
    expect(decided(rules, health)).toMatchObject({
      keep: false,
      rule: 'no-health',
      reason: 'veto',
      probability: 0,
    });
    expect(decided(rules, { id: 'a', error: true }).keep).toBe(true);
  });
});

describe('dry run', () => {
  test('a rule that is tried keeps all it decides and says what it would have dropped', () => {
    const rules: SamplingRules = { rules: [{ name: 'half', sampler: share(0.5), dryRun: true }] };
    const kept = { keep: true, probability: 1, threshold: 0n, rule: 'half' };
    expect(decided(rules, { id: 'a', traceId: LUCKY })).toEqual({ ...kept, reason: 'rest' });
    expect(decided(rules, { id: 'a', traceId: UNLUCKY })).toEqual({ ...kept, reason: 'dry_run' });
  });

  test('a span kept only for that says which rule would drop it', () => {
    const [row, other] = [UNLUCKY, LUCKY].map((traceId) => {
      const rules: SamplingRules = { rules: [{ name: 'half', sampler: share(0.5), dryRun: true }] };
      const trace = traceOf(strings, [{ id: 'a', traceId }]);
      const decision = new Sampler(strings, rules).decide(trace, 0);
      return decodeSpan(trace.spans, 0, strings, decision);
    });
    const would = { 'flyball.sampling.would_drop': 'half' };
    expect(row?.SpanAttributes).toEqual({ ...would, SampleRate: '1' });
    expect(row?.TraceState).toBe('ot=th:0');
    expect(other?.SpanAttributes).toEqual({ SampleRate: '1' });
  });

  test('with all rules tried nothing is dropped, by no veto and for want of a rule', () => {
    const rules: SamplingRules = {
      dryRun: true,
      rules: [{ name: 'no-errors', when: ERROR, sampler: { kind: 'drop' } }],
    };
    expect(decided(rules, { id: 'a', error: true })).toMatchObject({
      keep: true,
      reason: 'dry_run',
      rule: 'no-errors',
    });
    expect(decided(rules, { id: 'a' })).toMatchObject({ keep: true, reason: 'dry_run', rule: '' });
  });
});

test('a boost drops nothing in a dry run, where it would not have kept all', () => {
  const sampler = new Sampler(strings, { rules: [], dryRun: true });
  const target = { kind: 'service' as const, service: 'shop' };
  sampler.setBoosts([{ name: 'b', target, probability: 0.5, untilMs: 10 }]);
  const unlucky = traceOf(strings, [{ id: 'a', traceId: UNLUCKY }]);
  expect(sampler.decide(unlucky, 0)).toMatchObject({ keep: true, reason: 'dry_run' });
});

describe('boosts', () => {
  const rules: SamplingRules = {
    rules: [
      {
        name: 'veto',
        when: { kind: 'span', where: operation('GET /health') },
        sampler: { kind: 'drop' },
      },
      { name: 'never', when: { kind: 'span', where: operation('noise') }, sampler: share(0) },
      {
        name: 'known',
        when: { kind: 'span', where: service('shop', 'pay') },
        sampler: share(0.01),
      },
    ],
  };
  const trace = (...spans: SpanSketch[]) =>
    traceOf(
      strings,
      spans.map((span) => ({ ...span, traceId: UNLUCKY })),
    );
  const boost = { name: 'boost:pay', probability: 1, untilMs: 1000 };
  const aboutPay = { ...boost, target: { kind: 'service' as const, service: 'pay' } };

  function boosted(...boosts: Parameters<Sampler['setBoosts']>[0][number][]): Sampler {
    const sampler = new Sampler(strings, rules, { remembered: 0 });
    sampler.setBoosts(boosts);
    return sampler;
  }

  test('raise what touches the service, and what no rule matches; they end by themselves', () => {
    const sampler = boosted(aboutPay);
    expect(sampler.decide(trace({ id: 'a', service: 'pay' }), 0)).toMatchObject({
      keep: true,
      rule: 'boost:pay',
      reason: 'boost',
      probability: 1,
    });
    expect(sampler.decide(trace({ id: 'a', service: 'shop' }), 0).keep).toBe(false);
    expect(sampler.decide(trace({ id: 'a', service: 'pay' }), 1000).keep).toBe(false);
    expect(sampler.endedBoosts(1000)).toEqual(['boost:pay']);
  });

  test('wake nothing that a rule drops on purpose', () => {
    const sampler = boosted(aboutPay);
    for (const name of ['noise', 'GET /health']) {
      expect(sampler.decide(trace({ id: 'a', service: 'pay', name }), 0).keep).toBe(false);
    }
  });

  test('may be about an operation of a service, or a call between two', () => {
    const edge = { kind: 'edge' as const, caller: 'shop', callee: 'pay' };
    const calls = boosted({ ...boost, target: edge });
    const pay = { id: 'b', parent: 'a', service: 'pay' };
    expect(calls.decide(trace({ id: 'a', service: 'shop' }, pay), 0).keep).toBe(true);
    expect(calls.decide(trace({ id: 'a', service: 'web' }, pay), 0).keep).toBe(false);
    const target = { kind: 'operation' as const, service: 'pay', operation: 'charge' };
    const charges = boosted({ ...boost, target });
    expect(charges.decide(trace({ id: 'a', service: 'pay', name: 'charge' }), 0).keep).toBe(true);
    expect(charges.decide(trace({ id: 'a', service: 'shop', name: 'charge' }), 0).keep).toBe(false);
  });

  test('end when what only they have kept uses up their budget; renewing gives no more', () => {
    const sampler = boosted({ ...aboutPay, maxSpans: 3 });
    const pair = () => trace({ id: 'a', service: 'pay' }, { id: 'b', parent: 'a', service: 'pay' });
    expect([0, 1, 2].map((ms) => sampler.decide(pair(), ms).keep)).toEqual([true, true, false]);
    sampler.setBoosts([{ ...aboutPay, maxSpans: 3, untilMs: 9000 }]);
    expect(sampler.decide(pair(), 3).keep).toBe(false);
    expect(sampler.boostUses()).toEqual([{ name: 'boost:pay', traces: 2, spans: 4, bytes: 400 }]);
    const lucky = boosted({ ...aboutPay, maxSpans: 3 });
    lucky.decide(traceOf(strings, [{ id: 'a', service: 'pay', traceId: LUCKY }]), 0);
    expect(lucky.boostUses()).toMatchObject([{ spans: 0 }]);
  });
});

test('new rules take over at once; boosts stay', () => {
  const sampler = new Sampler(strings, USUAL);
  const target = { kind: 'service' as const, service: 'shop' };
  sampler.setBoosts([{ name: 'b', target, probability: 1, untilMs: 10 }]);
  sampler.configure({ rules: [{ name: 'half', sampler: share(0.5) }] });
  const unlucky = traceOf(strings, [{ id: 'a', traceId: UNLUCKY }]);
  expect(sampler.decide(unlucky, 0)).toMatchObject({ keep: true, rule: 'b' });
  expect(sampler.decide(unlucky, 10)).toMatchObject({ keep: false, rule: 'half' });
});

describe('explain', () => {
  const rules: SamplingRules = {
    rules: [
      { name: 'errors', when: ERROR, sampler: share(1) },
      {
        name: 'slow-pay',
        when: {
          kind: 'all',
          of: [
            { kind: 'span', where: service('shop') },
            { kind: 'latency', overMs: 500 },
          ],
        },
        sampler: share(0.5),
      },
      { name: 'rest', sampler: share(0.01) },
      {
        name: 'health',
        when: { kind: 'root', where: operation('GET /health') },
        sampler: { kind: 'drop' },
      },
    ],
  };
  const why = [
    {
      rule: 'health',
      matched: false,
      why: 'does not hold: the root has operation "GET /health"',
    },
    { rule: 'errors', matched: false, why: 'does not hold: a span has status error' },
    { rule: 'slow-pay', matched: false, why: 'does not hold: the trace takes more than 500 ms' },
    { rule: 'rest', matched: true, why: '1 % kept' },
  ];

  test('a decided trace: which rule, how likely, and why no rule before', () => {
    const sampler = new Sampler(strings, rules);
    const trace = traceOf(strings, [{ id: 'a', traceId: UNLUCKY }]);
    trace.trigger = 'timeout';
    sampler.decide(trace, 77);
    expect(sampler.explainDecided(UNLUCKY)).toEqual({
      state: 'decided',
      atMs: 77,
      keep: false,
      probability: expect.closeTo(0.01, 12),
      reason: 'rest',
      rule: 'rest',
      trigger: 'timeout',
      rules: why,
    });
    expect(sampler.explainDecided(LUCKY)).toBeUndefined();
  });

  test('a waiting one, as it would be decided now; asking changes nothing', () => {
    const gate: SamplingRules = {
      rules: [
        {
          name: 'gate',
          sampler: { kind: 'limit', unit: 'traces', perSecond: 1, burst: 1, probability: 1 },
        },
      ],
    };
    const trace = traceOf(strings, [{ id: 'a', traceId: UNLUCKY }]);
    const sampler = new Sampler(strings, rules);
    expect(sampler.explainWaiting(trace, 5)).toMatchObject({ state: 'waiting', rules: why });
    expect(sampler.explainDecided(UNLUCKY)).toBeUndefined();
    const [asked, silent] = [new Sampler(strings, gate), new Sampler(strings, gate)];
    for (let n = 0; n < 100; n += 1) asked.explainWaiting(trace, 0);
    expect(asked.decide(trace, 1)).toEqual(silent.decide(trace, 1));
  });

  test('remembers so many decisions, under the rules that made them, and says since when', () => {
    const sampler = new Sampler(strings, rules, { remembered: 2 });
    const ids = ['1', '2', '3'].map((digit) => digit.repeat(32));
    expect(sampler.memory).toEqual({ decisions: 2, sinceMs: undefined });
    ids.forEach((traceId, at) => {
      sampler.decide(traceOf(strings, [{ id: 'a', traceId }]), at);
      sampler.configure({ rules: [{ name: `new-${at}`, sampler: share(0.5) }] });
    });
    expect(ids.map((id) => sampler.explainDecided(id)?.rules.at(-1)?.rule)).toEqual([
      undefined,
      'new-0',
      'new-1',
    ]);
    expect(sampler.memory).toEqual({ decisions: 2, sinceMs: 1 });
  });
});

test('what found no room is counted', () => {
  const by = [{ kind: 'operation' as const }];
  const target = { kind: 'share' as const, share: 1 };
  const spec = { kind: 'dynamic', by, unit: 'traces', target, everyMs: 1000, weight: 1 } as const;
  const rules: SamplingRules = {
    rules: [{ name: 'keyed', sampler: { ...spec, by, maxKeys: 2 } }],
  };
  const sampler = new Sampler(strings, rules);
  for (const name of ['a', 'b', 'c', 'd']) sampler.decide(traceOf(strings, [{ id: 'a', name }]), 0);
  expect(sampler.overflowed()).toEqual({ keys: 2, seen: 0 });
});

test('a dynamic rate stays with its name when the interner gives ids to other names', () => {
  const names = new Interner({ maxEntries: 20 });
  const sampler = new Sampler(names, {
    rules: [
      {
        name: 'keyed',
        sampler: {
          kind: 'dynamic',
          by: [{ kind: 'operation' }],
          unit: 'traces',
          target: { kind: 'share', share: 0.1 },
          everyMs: 1000,
          weight: 0.5,
          maxKeys: 100,
        },
      },
    ],
  });
  const decide = (name: string, nowMs: number) => {
    const trace = traceOf(names, [{ id: 'a', name }]);
    return { id: trace.spans.name(0), probability: sampler.decide(trace, nowMs).probability };
  };
  for (let n = 0; n < 200; n += 1) decide('busy', n);
  const learnt = decide('busy', 1500);
  expect(learnt.probability).toBeLessThan(0.2);
  const used = names.marks();
  used[names.internText('shop')] = 1;
  names.forget(used);
  const rare = ['rare 1', 'rare 2', 'rare 3'].map((name) => decide(name, 1501));
  expect(rare.map(({ id }) => id)).toContain(learnt.id);
  expect(rare.map(({ probability }) => probability)).toEqual([1, 1, 1]);
  expect(decide('busy', 1501).probability).toBeCloseTo(learnt.probability, 2);
});

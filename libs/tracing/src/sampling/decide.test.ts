import { describe, expect, test } from 'vitest';
import { decodeSpan } from '../otlp/decode-span.ts';
import { Interner } from '../otlp/interner.ts';
import { randomHex, seeded } from '../otlp/load.fixture.ts';
import { type SpanSketch, tableOf, traceOf } from '../otlp/trace.fixture.ts';
import { TraceView } from '../window/trace-view.ts';
import { decide } from './decide.ts';
import type { Condition, SamplingRules } from './rules.ts';

const strings = new Interner();

/** Errors, slow traces, and one in a hundred of the rest. */
const USUAL: SamplingRules = {
  rules: [
    { name: 'errors', when: { kind: 'error' }, probability: 1 },
    { name: 'slow', when: { kind: 'latency', aboveMs: 1000 }, probability: 1 },
    { name: 'rest', probability: 0.01 },
  ],
};

/** Trace ids with the greatest and the least randomness. */
const LUCKY = `${'1'.repeat(18)}${'f'.repeat(14)}`;
const UNLUCKY = `${'1'.repeat(18)}${'0'.repeat(14)}`;

function decided(rules: SamplingRules, ...spans: SpanSketch[]) {
  return decide(traceOf(strings, spans), rules, strings);
}

function holds(when: Condition, ...spans: SpanSketch[]): boolean {
  return decided({ rules: [{ name: 'r', when, probability: 1 }] }, ...spans).keep;
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

describe('conditions', () => {
  const trace: SpanSketch[] = [
    { id: 'a', service: 'gateway', name: 'GET /' },
    { id: 'b', parent: 'a', service: 'pay', name: 'charge', attributes: { tier: 'gold' } },
  ];
  const cases: [string, Condition, boolean][] = [
    ['a service', { kind: 'service', anyOf: ['x', 'pay'] }, true],
    ['no such service', { kind: 'service', anyOf: ['x'] }, false],
    ['an operation', { kind: 'operation', anyOf: ['charge'] }, true],
    ['an attribute that is there', { kind: 'attribute', key: 'tier' }, true],
    ['an attribute with a value', { kind: 'attribute', key: 'tier', anyOf: ['gold'] }, true],
    ['an attribute with another', { kind: 'attribute', key: 'tier', anyOf: ['iron'] }, false],
    ['a resource attribute', { kind: 'attribute', key: 'service.name', anyOf: ['pay'] }, true],
    ['enough spans', { kind: 'span_count', atLeast: 2 }, true],
    ['too few spans', { kind: 'span_count', atLeast: 3 }, false],
    ['not', { kind: 'not', of: { kind: 'error' } }, true],
    ['all', { kind: 'all', of: [{ kind: 'service', anyOf: ['pay'] }, { kind: 'error' }] }, false],
    ['any', { kind: 'any', of: [{ kind: 'service', anyOf: ['pay'] }, { kind: 'error' }] }, true],
  ];
  test.each(cases)('%s', (_, when, expected) => {
    expect(holds(when, ...trace)).toBe(expected);
  });

  test('the first rule that holds decides; without any the trace is dropped', () => {
    const rules: SamplingRules = {
      rules: [
        { name: 'veto', when: { kind: 'operation', anyOf: ['GET /health'] }, probability: 0 },
        { name: 'errors', when: { kind: 'error' }, probability: 1 },
      ],
    };
    const health = { id: 'a', name: 'GET /health', error: true, traceId: LUCKY };
    expect(decided(rules, health)).toMatchObject({ keep: false, rule: 'veto', reason: 'match' });
    expect(decided(rules, { id: 'a' })).toMatchObject({ keep: false, reason: 'no_match' });
  });
});

describe('a kept span says how it was sampled', () => {
  const HALF: SamplingRules = { rules: [{ name: 'half', probability: 0.5 }] };

  function rowOf(span: SpanSketch, rules: SamplingRules) {
    const trace = traceOf(strings, [span]);
    return decodeSpan(trace.spans, 0, strings, decide(trace, rules, strings));
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
    const all: SamplingRules = { rules: [{ name: 'all', probability: 1 }] };
    const row = rowOf({ id: 'a', traceId: UNLUCKY, traceState: 'ot=th:c' }, all);
    expect([row.TraceState, row.SpanAttributes]).toEqual(['ot=th:0', { SampleRate: '1' }]);
  });
});

// A population of traces with errors, slow ones and the rest, some thinned out by head sampling
// before they came here: what is estimated from the kept ones must be the truth.
test('sums over adjusted counts are unbiased', () => {
  const random = seeded(20_261_101);
  const rules: SamplingRules = {
    rules: [
      { name: 'errors', when: { kind: 'error' }, probability: 1 },
      { name: 'slow', when: { kind: 'latency', aboveMs: 1000 }, probability: 0.3 },
      { name: 'rest', probability: 0.05 },
    ],
  };
  const kinds = {
    error: { sketch: { id: 'a', error: true }, truth: 0, estimate: 0, variance: 0 },
    slow: { sketch: { id: 'a', end: 2000 }, truth: 0, estimate: 0, variance: 0 },
    rest: { sketch: { id: 'a' }, truth: 0, estimate: 0, variance: 0 },
  };
  const templates = Object.entries(kinds).map(([name, kind]) => {
    // Head-sampled at 50 %, and not: th is present or not.
    const views = ['', 'ot=th:8'].map((traceState) => {
      const view = new TraceView();
      const table = tableOf(strings, [{ ...kind.sketch, traceState }]);
      view.spans.resize(1);
      view.spans.rows.set(table.rows);
      view.spans.bodies = table.bodies;
      view.refresh();
      return view;
    });
    return { name, kind, views };
  });
  for (let n = 0; n < 60_000; n += 1) {
    const { kind, views } = templates[n % 3]!;
    const head = random() < 0.5;
    const view = views[head ? 1 : 0] as TraceView;
    const id = randomHex(random, 32);
    for (let word = 0; word < 4; word += 1) {
      view.spans.rows[word] = Number.parseInt(id.slice(word * 8, word * 8 + 8), 16) | 0;
    }
    kind.truth += 1;
    const randomness = Number.parseInt(id.slice(18), 16) / 2 ** 56;
    if (head && randomness < 0.5) continue;
    const decision = decide(view, rules, strings);
    if (!decision.keep) continue;
    const weight = Number(decodeSpan(view.spans, 0, strings, decision).SpanAttributes.SampleRate);
    kind.estimate += weight;
    kind.variance += weight * (weight - 1);
  }
  for (const { truth, estimate, variance } of Object.values(kinds)) {
    expect(Math.abs(estimate - truth)).toBeLessThan(3 * Math.sqrt(variance) + 1);
    expect(truth).toBe(20_000);
  }
}, 60_000);

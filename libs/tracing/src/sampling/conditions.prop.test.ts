import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { type SpanSketch, traceOf } from '../otlp/trace.fixture.ts';
import type { Condition, SpanCondition, TextTest, ValueTest } from './rules.ts';
import { Sampler } from './sampler.ts';

/** A trace as the twin sees it: what a test writes, with every default filled in. */
type Span = Required<Omit<SpanSketch, 'parent' | 'instance' | 'host'>> & { parent?: string };

const NAMES = ['shop', 'pay', 'GET /', 'charge', 'gold', '12.5', 'true', ''];
const KEYS = ['tier', 'amount', 'service.name'];
const STATES = ['', 'vendor=gold', 'a=1,vendor=pay'];
const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

const span = (index: number): fc.Arbitrary<Span> =>
  fc
    .record({
      parent: fc.integer({ min: -2, max: Math.max(0, index - 1) }),
      service: fc.constantFrom('shop', 'pay', 'db'),
      name: fc.constantFrom('GET /', 'charge', 'query'),
      kind: fc.constantFrom(...KINDS),
      start: fc.integer({ min: 0, max: 50 }),
      took: fc.integer({ min: 0, max: 60 }),
      error: fc.boolean(),
      attributes: fc.dictionary(
        fc.constantFrom('tier', 'amount'),
        fc.oneof(fc.constantFrom('gold', '12.5', 'true', ''), fc.boolean()),
      ),
      traceState: fc.constantFrom(...STATES),
    })
    .map(({ parent, took, ...rest }) => ({
      ...rest,
      id: `s${index}`,
      traceId: '1'.repeat(32),
      end: rest.start + took,
      ...(parent < 0 || index === 0 ? {} : { parent: `s${parent}` }),
    }));

const trace: fc.Arbitrary<Span[]> = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => span(index))));

const text: fc.Arbitrary<TextTest> = fc.oneof(
  fc.record({
    kind: fc.constant('any_of' as const),
    values: fc.subarray(NAMES, { minLength: 1 }),
  }),
  fc.record({
    kind: fc.constant('matches' as const),
    pattern: fc.constantFrom('^p', 'o', 'a.*e$', '^$', '[0-9]'),
  }),
);
const value: fc.Arbitrary<ValueTest> = fc.oneof(
  text,
  fc.constant({ kind: 'exists' as const }),
  fc.record({ kind: fc.constant('boolean' as const), is: fc.boolean() }),
  fc.constantFrom<ValueTest>(
    { kind: 'number', above: 12.5 },
    { kind: 'number', atLeast: 12.5 },
    { kind: 'number', below: 13, atLeast: 12 },
  ),
);

const leaves: fc.Arbitrary<SpanCondition>[] = [
  fc.record({
    kind: fc.constant('status' as const),
    anyOf: fc.subarray(['unset', 'ok', 'error'] as const, { minLength: 1 }) as fc.Arbitrary<
      ('unset' | 'ok' | 'error')[]
    >,
  }),
  fc.record({ kind: fc.constant('span_kind' as const), anyOf: fc.subarray([...KINDS]) }),
  fc.record({ kind: fc.constant('latency' as const), overMs: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ kind: fc.constant('service' as const), name: text }),
  fc.record({ kind: fc.constant('operation' as const), name: text }),
  fc.record({
    kind: fc.constant('attribute' as const),
    key: fc.constantFrom(...KEYS),
    on: fc.constantFrom('span' as const, 'resource' as const, 'either' as const),
    value,
  }),
  fc.record({ kind: fc.constant('trace_state' as const), key: fc.constant('vendor'), value: text }),
];

function nested<C>(leaf: fc.Arbitrary<C>): fc.Arbitrary<C> {
  return fc.letrec<{ node: C }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constantFrom('all', 'any'),
        of: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      }) as fc.Arbitrary<C>,
      fc.record({ kind: fc.constant('not'), of: tie('node') }) as fc.Arbitrary<C>,
    ),
  })).node;
}

const spanCondition = nested(fc.oneof(...leaves));
const condition = nested<Condition>(
  fc.oneof(
    fc.record({ kind: fc.constant('latency' as const), underMs: fc.integer({ min: 0, max: 99 }) }),
    fc.record({ kind: fc.constant('span_count' as const), atMost: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant('span' as const), where: spanCondition }),
    fc.record({ kind: fc.constant('root' as const), where: spanCondition }),
    fc.record({
      kind: fc.constant('edge' as const),
      caller: fc.constantFrom('shop', 'pay'),
      callee: fc.constantFrom('pay', 'db'),
    }),
  ),
);

function textHolds(test: TextTest, subject: string): boolean {
  if (test.kind === 'any_of') return test.values.includes(subject);
  return new RegExp(test.pattern).test(subject);
}

function valueHolds(test: ValueTest, subject: string): boolean {
  if (test.kind === 'exists') return true;
  if (test.kind === 'boolean') return subject === String(test.is);
  if (test.kind !== 'number') return textHolds(test, subject);
  const number = /^\d/.test(subject) ? Number(subject) : Number.NaN;
  const { above = -1, atLeast = -1, below = 1e9, atMost = 1e9 } = test;
  return number > above && number >= atLeast && number < below && number <= atMost;
}

/** The plainest reading of a condition. */
function spanHolds(test: SpanCondition, one: Span): boolean {
  switch (test.kind) {
    case 'status':
      return test.anyOf.includes(one.error ? 'error' : 'unset');
    case 'span_kind':
      return test.anyOf.includes(one.kind);
    case 'latency':
      return one.end - one.start > (test.overMs ?? -1);
    case 'service':
      return textHolds(test.name, one.service);
    case 'operation':
      return textHolds(test.name, one.name);
    case 'attribute': {
      const own = one.attributes[test.key];
      const places = {
        span: own === undefined ? [] : [String(own)],
        resource: test.key === 'service.name' ? [one.service] : [],
      };
      const found = test.on === 'either' ? [...places.span, ...places.resource] : places[test.on];
      return found.some((subject) => valueHolds(test.value, subject));
    }
    case 'trace_state': {
      const member = one.traceState.split(',').find((each) => each.startsWith(`${test.key}=`));
      return member !== undefined && valueHolds(test.value, member.slice(test.key.length + 1));
    }
    case 'flag':
      return !test.is;
    case 'all':
      return test.of.every((each) => spanHolds(each, one));
    case 'any':
      return test.of.some((each) => spanHolds(each, one));
    case 'not':
      return !spanHolds(test.of, one);
  }
}

function holds(test: Condition, spans: readonly Span[]): boolean {
  switch (test.kind) {
    case 'latency': {
      const took =
        Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map((s) => s.start));
      return took < (test.underMs ?? Number.POSITIVE_INFINITY);
    }
    case 'span_count':
      return spans.length <= (test.atMost ?? Number.POSITIVE_INFINITY);
    case 'span':
      return spans.some((one) => spanHolds(test.where, one));
    case 'root': {
      const roots = spans.filter(({ parent }) => parent === undefined);
      // The earliest, then the longest, then the one with the smaller id.
      roots.sort((a, b) => a.start - b.start || b.end - a.end || (a.id < b.id ? -1 : 1));
      return roots[0] !== undefined && spanHolds(test.where, roots[0]);
    }
    case 'edge':
      // Work inside one service is no call between services.
      if (test.caller === test.callee) return false;
      return spans.some((one) => {
        const parent = spans.find(({ id }) => id === one.parent);
        return parent?.service === test.caller && one.service === test.callee;
      });
    case 'all':
      return test.of.every((each) => holds(each, spans));
    case 'any':
      return test.of.some((each) => holds(each, spans));
    case 'not':
      return !holds(test.of, spans);
    default:
      throw new Error(`the twin does not know ${test.kind}`);
  }
}

test('a compiled condition says what its plainest reading says', () => {
  const strings = new Interner();
  fc.assert(
    fc.property(condition, trace, (when, spans) => {
      const keep = { kind: 'probability' as const, probability: 1 };
      const sampler = new Sampler(
        strings,
        { rules: [{ name: 'r', when, sampler: keep }] },
        { remembered: 1 },
      );
      const decision = sampler.decide(traceOf(strings, spans), 0);
      expect(decision.keep).toBe(holds(when, spans));
    }),
    { numRuns: 1000 },
  );
});

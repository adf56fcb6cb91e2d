import { describe, expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { encode } from '../otlp/proto.fixture.ts';
import { scan } from '../otlp/scan.ts';
import { requestOf, type SpanSketch, traceOf } from '../otlp/trace.fixture.ts';
import { TraceView } from '../window/trace-view.ts';
import type { Condition, SpanCondition, TextTest, ValueTest } from './rules.ts';
import { Sampler } from './sampler.ts';

const strings = new Interner();
const samplerOf = (when: Condition, names = strings) =>
  new Sampler(names, {
    rules: [{ name: 'r', when, sampler: { kind: 'probability', probability: 1 } }],
  });

function holds(when: Condition, ...spans: SpanSketch[]): boolean {
  return samplerOf(when).decide(traceOf(strings, spans), 0).keep;
}

const named = (...values: string[]): TextTest => ({ kind: 'any_of', values });
const like = (pattern: string): TextTest => ({ kind: 'matches', pattern });
const span = (where: SpanCondition): Condition => ({ kind: 'span', where });
const root = (where: SpanCondition): Condition => ({ kind: 'root', where });
const service = (name: TextTest): SpanCondition => ({ kind: 'service', name });
const operation = (name: TextTest): SpanCondition => ({ kind: 'operation', name });
const attribute = (
  key: string,
  value: ValueTest,
  on: 'span' | 'resource' | 'either' = 'either',
): SpanCondition => ({ kind: 'attribute', key, on, value });

/**
 *   gateway  GET /    |------------------|  100 ms
 *   pay      charge      |-----------|       60 ms   fails
 *   pay      audit                  |--|     10 ms
 */
const TRACE: SpanSketch[] = [
  { id: 'a', service: 'gateway', name: 'GET /', kind: 'server', start: 0, end: 100 },
  {
    id: 'b',
    parent: 'a',
    service: 'pay',
    name: 'charge',
    kind: 'client',
    start: 20,
    end: 80,
    error: true,
    attributes: { tier: 'gold', retry: true, amount: '12.5' },
    traceState: 'vendor=x:1,ot=rv:ffffffffffffff',
  },
  { id: 'c', parent: 'a', service: 'pay', name: 'audit', start: 85, end: 95 },
];

describe('conditions', () => {
  const cases: [string, Condition, boolean][] = [
    ['longer than', { kind: 'latency', overMs: 99 }, true],
    ['not longer than itself', { kind: 'latency', overMs: 100 }, false],
    ['shorter than', { kind: 'latency', underMs: 101 }, true],
    ['between two', { kind: 'latency', overMs: 99, underMs: 100 }, false],
    ['a long span', span({ kind: 'latency', overMs: 59, underMs: 61 }), true],
    ['a status', span({ kind: 'status', anyOf: ['ok', 'error'] }), true],
    ['no such status', span({ kind: 'status', anyOf: ['ok'] }), false],
    ['a kind', span({ kind: 'span_kind', anyOf: ['client'] }), true],
    ['no such kind', span({ kind: 'span_kind', anyOf: ['producer', 'consumer'] }), false],
    ['a service', span(service(named('x', 'pay'))), true],
    ['no such service', span(service(named('x'))), false],
    ['a service by pattern', span(service(like('^gate'))), true],
    ['an operation', span(operation(named('charge'))), true],
    ['an operation by pattern', span(operation(like('GET /[a-z]'))), false],
    ['the root service', root(service(named('gateway'))), true],
    ['not the root service', root(service(named('pay'))), false],
    ['present', span(attribute('tier', { kind: 'exists' })), true],
    ['absent', span(attribute('tear', { kind: 'exists' })), false],
    ['a value', span(attribute('tier', named('iron', 'gold'))), true],
    ['another value', span(attribute('tier', named('iron'))), false],
    ['a pattern', span(attribute('tier', like('^g.ld$'))), true],
    ['a resource attribute', span(attribute('service.name', named('pay'), 'resource')), true],
    ['not on the span', span(attribute('service.name', named('pay'), 'span')), false],
    ['a boolean', span(attribute('retry', { kind: 'boolean', is: true })), true],
    ['the other boolean', span(attribute('retry', { kind: 'boolean', is: false })), false],
    ['a boolean as text', span(attribute('retry', named('true'))), true],
    ['a number in a text', span(attribute('amount', { kind: 'number', above: 12 })), true],
    ['no number', span(attribute('tier', { kind: 'number', atMost: 1e9 })), false],
    [
      'a member of tracestate',
      span({ kind: 'trace_state', key: 'vendor', value: { kind: 'exists' } }),
      true,
    ],
    ['its value', span({ kind: 'trace_state', key: 'vendor', value: named('x:1') }), true],
    ['another value of it', span({ kind: 'trace_state', key: 'vendor', value: like('^y') }), false],
    ['enough spans', { kind: 'span_count', atLeast: 3 }, true],
    ['too few spans', { kind: 'span_count', atLeast: 4 }, false],
    ['too many spans', { kind: 'span_count', atMost: 2 }, false],
    ['a call', { kind: 'edge', caller: 'gateway', callee: 'pay' }, true],
    ['no such call', { kind: 'edge', caller: 'pay', callee: 'gateway' }, false],
    ['not', { kind: 'not', of: span(operation(named('charge'))) }, false],
    ['any', { kind: 'any', of: [span(service(named('x'))), span(service(named('pay')))] }, true],
    ['all', { kind: 'all', of: [span(service(named('x'))), span(service(named('pay')))] }, false],
  ];
  test.each(cases)('%s', (_, when, expected) => {
    expect(holds(when, ...TRACE)).toBe(expected);
  });

  test('on any span each, and all on the same span', () => {
    const both = [service(named('gateway')), operation(named('charge'))];
    expect(holds({ kind: 'all', of: both.map(span) }, ...TRACE)).toBe(true);
    expect(holds(span({ kind: 'all', of: both }), ...TRACE)).toBe(false);
    const pay = [service(named('pay')), operation(named('charge')), { kind: 'not', of: both[0]! }];
    expect(holds(span({ kind: 'all', of: pay as SpanCondition[] }), ...TRACE)).toBe(true);
    expect(holds(span({ kind: 'any', of: both }), ...TRACE)).toBe(true);
  });

  test('without a root nothing holds of the root', () => {
    const [, ...rest] = TRACE;
    expect(holds(root({ kind: 'not', of: service(named('x')) }), ...rest)).toBe(false);
  });
});

describe('numbers as they are sent', () => {
  const withValue = (value: object): boolean[] => {
    const request = requestOf([{ id: 'a' }]) as {
      resourceSpans: { scopeSpans: { spans: { attributes: object[] }[] }[] }[];
    };
    request.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.attributes = [{ key: 'n', value }];
    const view = new TraceView();
    scan(encode('TraceRequest', request), strings, view.spans);
    view.refresh();
    const number = (bounds: object): Condition =>
      span(attribute('n', { kind: 'number', ...bounds }));
    return [{ above: 500 }, { atLeast: 500 }, { below: 500 }, { atMost: 500 }]
      .map(number)
      .map((when) => samplerOf(when).decide(view, 0).keep);
  };

  test.each([
    [{ intValue: 500 }, [false, true, false, true]],
    [{ intValue: 499 }, [false, false, true, true]],
    [{ intValue: '9007199254740993' }, [true, true, false, false]],
    [{ intValue: -1 }, [false, false, true, true]],
    [{ doubleValue: 500.5 }, [true, true, false, false]],
    [{ doubleValue: Number.POSITIVE_INFINITY }, [true, true, false, false]],
    [{ doubleValue: Number.NaN }, [false, false, false, false]],
    [{ stringValue: '5e2' }, [false, true, false, true]],
    [{ stringValue: '0x1' }, [false, false, false, false]],
    [{ boolValue: true }, [false, false, false, false]],
    [{}, [false, false, false, false]],
  ])('%j', (value, expected) => {
    expect(withValue(value)).toEqual(expected);
  });
});

test('trace flags', () => {
  const flagged = (flags: number | undefined, flag: 'sampled' | 'random', is: boolean): boolean => {
    const request = requestOf([{ id: 'a' }]) as {
      resourceSpans: { scopeSpans: { spans: { flags?: number }[] }[] }[];
    };
    if (flags !== undefined) request.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.flags = flags;
    const view = new TraceView();
    scan(encode('TraceRequest', request), strings, view.spans);
    view.refresh();
    return samplerOf(span({ kind: 'flag', flag, is })).decide(view, 0).keep;
  };
  expect(flagged(0x101, 'sampled', true)).toBe(true);
  expect(flagged(0x101, 'random', true)).toBe(false);
  expect(flagged(3, 'random', true)).toBe(true);
  expect(flagged(undefined, 'sampled', false)).toBe(true);
});

test('names that found no room in the interner are read from the span', () => {
  const small = new Interner({ maxEntries: 2 });
  const trace = traceOf(small, [{ id: 'a', service: 'pay', name: 'charge' }]);
  const when = span({ kind: 'all', of: [service(named('pay')), operation(like('^ch'))] });
  expect(samplerOf(when, small).decide(trace, 0).keep).toBe(true);
  expect(samplerOf(span(service(named('shop'))), small).decide(trace, 0).keep).toBe(false);
});

/**
 *   web   |----------------------|  100
 *   db      |--------------|         60, all of it waited for
 */
test('the critical path: all of it, of a service, of an operation, as a share', () => {
  const spans: SpanSketch[] = [
    { id: 'a', service: 'web', name: 'GET /', start: 0, end: 100 },
    { id: 'b', parent: 'a', service: 'db', name: 'query', start: 20, end: 80 },
  ];
  const path = (rest: Omit<Condition & { kind: 'critical_path' }, 'kind'>): boolean =>
    holds({ kind: 'critical_path', ...rest }, ...spans);
  expect([path({ overMs: 99 }), path({ overMs: 100 })]).toEqual([true, false]);
  const db = named('db');
  expect([path({ overMs: 59, service: db }), path({ overMs: 60, service: db })]).toEqual([
    true,
    false,
  ]);
  expect(path({ overShare: 0.59, operation: named('query') })).toBe(true);
  expect(path({ overShare: 0.61, operation: named('query') })).toBe(false);
  expect(path({ overMs: 1, service: db, operation: named('GET /') })).toBe(false);
  const [, child] = spans as [SpanSketch, SpanSketch];
  expect(holds({ kind: 'critical_path', overMs: 0 }, child)).toBe(false);
});

describe('what is new', () => {
  const edge = { kind: 'new', what: 'edge', forMs: 0 } as const;
  const trace = (callee: string) =>
    traceOf(strings, [
      { id: 'a', service: 'web' },
      { id: 'b', parent: 'a', service: callee },
    ]);

  test('a call or an operation is new once', () => {
    const sampler = samplerOf(edge);
    const kept = (callee: string, ms: number) => sampler.decide(trace(callee), ms).keep;
    expect([kept('a1', 0), kept('a1', 1), kept('a2', 2), kept('a2', 9e9)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    const operations = samplerOf({ kind: 'new', what: 'operation', forMs: 0 });
    expect(operations.decide(trace('a1'), 0).keep).toBe(true);
    expect(operations.decide(trace('a1'), 1).keep).toBe(false);
  });

  test('a version of a service is new once', () => {
    const sampler = samplerOf({ kind: 'new', what: 'version', forMs: 0 });
    const kept = (service: string, version: string) => {
      const request = requestOf([{ id: 'a', service }]) as {
        resourceSpans: { resource: { attributes: object[] } }[];
      };
      const value = { stringValue: version };
      request.resourceSpans[0]!.resource.attributes.push({ key: 'service.version', value });
      const view = new TraceView();
      scan(encode('TraceRequest', request), strings, view.spans);
      view.refresh();
      return sampler.decide(view, 0).keep;
    };
    expect([kept('v1', '1.0'), kept('v1', '1.0'), kept('v1', '1.1'), kept('v2', '1.1')]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(sampler.decide(trace('a1'), 1).keep).toBe(false);
  });

  test('a call may go to what sends no spans: a database, as the service graph names it', () => {
    const query = (to: string): SpanSketch => ({
      id: 'q',
      parent: 'a',
      service: 'web',
      kind: 'client',
      attributes: { 'db.system.name': 'postgresql', 'db.namespace': to },
    });
    const calls = (to: string) => traceOf(strings, [{ id: 'a', service: 'web' }, query(to)]);
    const sampler = samplerOf(edge);
    expect(['x', 'x', 'y'].map((to) => sampler.decide(calls(to), 0).keep)).toEqual([
      true,
      false,
      true,
    ]);
    const when = { kind: 'edge', caller: 'web', callee: 'postgresql/x' } as const;
    expect(samplerOf(when).decide(calls('x'), 0).keep).toBe(true);
    expect(samplerOf(when).decide(calls('y'), 0).keep).toBe(false);
  });

  test('a call may come from a queue, when its producer is in another trace', () => {
    const takes = (queue: string, producer?: SpanSketch) =>
      traceOf(strings, [
        {
          id: 'q',
          service: 'mailer',
          kind: 'consumer',
          attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': queue },
          ...(producer === undefined ? {} : { parent: producer.id }),
        },
        ...(producer === undefined ? [] : [producer]),
      ]);
    const sampler = samplerOf(edge);
    expect(['x', 'x', 'y'].map((queue) => sampler.decide(takes(queue), 0).keep)).toEqual([
      true,
      false,
      true,
    ]);
    const when = { kind: 'edge', caller: 'kafka/x', callee: 'mailer' } as const;
    const producer: SpanSketch = { id: 'p', service: 'shop', kind: 'producer' };
    expect(samplerOf(when).decide(takes('x'), 0).keep).toBe(true);
    expect(samplerOf(when).decide(takes('y'), 0).keep).toBe(false);
    expect(samplerOf(when).decide(takes('x', producer), 0).keep).toBe(false);
  });

  test('again after an absence, and for a while', () => {
    const sampler = samplerOf({ ...edge, unseenForMs: 1000, forMs: 100 });
    const kept = (ms: number) => sampler.decide(trace('b1'), ms).keep;
    expect([kept(0), kept(99), kept(100), kept(1099)]).toEqual([true, true, false, false]);
    expect([kept(2099), kept(2198), kept(2199)]).toEqual([true, true, false]);
  });

  test('what is seen is learnt whichever rule decides, and survives new rules', () => {
    const sampler = samplerOf({ kind: 'all', of: [span(service(named('never'))), edge] });
    sampler.decide(trace('c1'), 0);
    sampler.configure({
      rules: [{ name: 'r', when: edge, sampler: { kind: 'probability', probability: 1 } }],
    });
    expect(sampler.decide(trace('c1'), 1).keep).toBe(false);
    expect(sampler.decide(trace('c2'), 1).keep).toBe(true);
  });
});

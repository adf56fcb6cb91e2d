import { describe, expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { type SpanSketch, TRACE_ID, traceOf } from '../otlp/trace.fixture.ts';
import type { Decision } from '../sampling/decision.ts';
import { EdgeAggregator, type EdgeRow } from './edges.ts';
import { ErrorOriginAggregator, errorOrigin } from './error-origin.ts';

const strings = new Interner();
const KEEP: Decision = { keep: true, probability: 1, threshold: 0n, reason: 'rest', rule: 'r' };

function edgesOf(...spans: SpanSketch[]): EdgeRow[] {
  const edges = new EdgeAggregator(strings);
  edges.record(traceOf(strings, spans), 15_000);
  return edges.drain();
}

/** `caller -> callee type duration` in ms, with `!` for an error. */
function drawn(rows: EdgeRow[]): string[] {
  return rows.map(({ caller, callee, type, duration_sum_ns, errors }) => {
    const ms = Number(duration_sum_ns) / 1e6;
    return `${caller} -> ${callee} ${type} ${ms}${errors > 0 ? '!' : ''}`;
  });
}

describe('edges', () => {
  //  gateway   [GET / ─────────────────────────]
  //  gateway     [client ────────────────────]
  //  checkout       [server ───────────────]
  //  checkout          [db client ──]
  test('a call is timed by its client; a database is named by its system', () => {
    const rows = edgesOf(
      { id: 'a', service: 'gateway', kind: 'server', end: 100 },
      {
        id: 'b',
        parent: 'a',
        service: 'gateway',
        kind: 'client',
        start: 10,
        end: 90,
        attributes: { 'http.request.method': 'GET' },
      },
      { id: 'c', parent: 'b', service: 'checkout', kind: 'server', start: 20, end: 80 },
      {
        id: 'd',
        parent: 'c',
        service: 'checkout',
        kind: 'client',
        start: 30,
        end: 50,
        attributes: { 'db.system': 'postgresql', 'db.namespace': 'shop', 'server.address': 'pg' },
      },
    );
    expect(drawn(rows)).toEqual([
      'gateway -> checkout http 80',
      'checkout -> postgresql/shop database 20',
    ]);
    expect(rows[0]).toMatchObject({ time: 10, count: 1, errors: 0 });
  });

  test('a call fails when either side says so', () => {
    const call = (client: boolean, server: boolean): SpanSketch[] => [
      { id: 'b', service: 'x', kind: 'client', error: client },
      { id: 'c', parent: 'b', service: 'y', kind: 'server', error: server },
    ];
    expect(drawn(edgesOf(...call(true, false)))).toEqual(['x -> y rpc 10!']);
    expect(drawn(edgesOf(...call(false, true)))).toEqual(['x -> y rpc 10!']);
    expect(drawn(edgesOf(...call(false, false)))).toEqual(['x -> y rpc 10']);
  });

  test('a message is timed by its consumer, and names its broker when nobody takes it', () => {
    const attributes = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' };
    const producer: SpanSketch = { id: 'p', service: 'x', kind: 'producer', end: 1, attributes };
    const consumer: SpanSketch = {
      id: 'c',
      parent: 'p',
      service: 'y',
      kind: 'consumer',
      start: 5,
      end: 50,
    };
    expect(drawn(edgesOf(producer, consumer))).toEqual(['x -> y messaging 45']);
    expect(drawn(edgesOf(producer))).toEqual(['x -> kafka/orders messaging 1']);
  });

  //  shop      [publish]                       trace 1
  //  mailer                  [process ────!]   trace 2, with a link to the publish span
  test('a message taken in another trace goes by way of its queue', () => {
    const queue = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' };
    const published = edgesOf({
      id: 'a',
      service: 'shop',
      kind: 'producer',
      end: 5,
      attributes: queue,
    });
    const taken = edgesOf({
      id: 'b',
      service: 'mailer',
      kind: 'consumer',
      error: true,
      end: 30,
      attributes: queue,
    });
    expect(drawn([...published, ...taken])).toEqual([
      'shop -> kafka/orders messaging 5',
      'kafka/orders -> mailer messaging 30!',
    ]);
    const nameless = edgesOf({ id: 'b', service: 'mailer', kind: 'consumer' });
    expect(nameless).toEqual([]);
    const lost = edgesOf({
      id: 'b',
      parent: 'gone',
      service: 'mailer',
      kind: 'consumer',
      attributes: queue,
    });
    expect(drawn(lost)).toEqual(['kafka/orders -> mailer messaging 10']);
  });

  test('a peer without tracing is named by its address; without any name there is no edge', () => {
    const client: SpanSketch = { id: 'b', service: 'x', kind: 'client' };
    const method = { 'http.request.method': 'GET' };
    const address = { ...client, attributes: { ...method, 'server.address': 'api.bank.com' } };
    expect(drawn(edgesOf(address))).toEqual(['x -> api.bank.com http 10']);
    const peer = { ...client, attributes: { 'peer.service': 'bank', 'rpc.system': 'grpc' } };
    expect(drawn(edgesOf(peer))).toEqual(['x -> bank rpc 10']);
    expect(edgesOf(client)).toEqual([]);
  });

  test('services are connected without client or server spans too', () => {
    const rows = edgesOf({ id: 'a', service: 'x' }, { id: 'b', parent: 'a', service: 'y', end: 4 });
    expect(drawn(rows)).toEqual(['x -> y internal 4']);
  });

  test('work within one service is no edge', () => {
    expect(edgesOf({ id: 'a' }, { id: 'b', parent: 'a' })).toEqual([]);
  });

  test('every server under one client counts; only the first has the client time', () => {
    const rows = edgesOf(
      { id: 'b', service: 'x', kind: 'client', end: 10 },
      { id: 'c', parent: 'b', service: 'y', kind: 'server', end: 3 },
      { id: 'd', parent: 'b', service: 'y', kind: 'server', start: 4, end: 9 },
    );
    expect(rows).toEqual([expect.objectContaining({ count: 2, duration_sum_ns: '15000000' })]);
  });

  test('too many edges count as overflow, late spans not at all', () => {
    const edges = new EdgeAggregator(strings, { maxSeries: 1 });
    const call = (callee: string): SpanSketch[] => [
      { id: 'a', service: 'x' },
      { id: 'b', parent: 'a', service: callee },
    ];
    for (const callee of ['y', 'z', 'w']) edges.record(traceOf(strings, call(callee)), 0);
    const late = traceOf(strings, call('y'));
    late.trigger = 'late';
    edges.record(late, 0);
    expect(edges.drain().map(({ callee, count }) => [callee, count])).toEqual([
      ['y', 1],
      ['__overflow__', 2],
    ]);
    expect(edges.overflowed).toBe(2);
  });

  test('a span that is its own parent, and a circle, do no harm', () => {
    expect(edgesOf({ id: 'a', parent: 'a', kind: 'server' })).toEqual([]);
    const circle = edgesOf(
      { id: 'a', parent: 'b', service: 'x' },
      { id: 'b', parent: 'a', service: 'y' },
    );
    expect(circle.map(({ caller, callee }) => `${caller} ${callee}`).sort()).toEqual([
      'x y',
      'y x',
    ]);
  });
});

describe('the origin of an error', () => {
  function originOf(...spans: SpanSketch[]): string | undefined {
    const trace = traceOf(strings, spans);
    const origin = errorOrigin(trace);
    return origin < 0 ? undefined : trace.spans.spanId(origin).slice(0, 2);
  }
  const A = '61';
  const C = '63';
  const D = '64';

  //  a ✗ ── b ✗ ── c ✗
  //    └─── d ✗ (earlier: it was retried as b)
  test('is the deepest span of the failed chain that ended last', () => {
    const spans: SpanSketch[] = [
      { id: 'a', error: true, end: 100 },
      { id: 'd', parent: 'a', error: true, start: 10, end: 30 },
      { id: 'b', parent: 'a', error: true, start: 40, end: 90 },
      { id: 'c', parent: 'b', error: true, start: 50, end: 80 },
    ];
    expect(originOf(...spans)).toBe(C);
    expect(originOf(...spans.reverse())).toBe(C);
  });

  test('is the root when no child failed', () => {
    expect(originOf({ id: 'a', error: true }, { id: 'b', parent: 'a' })).toBe(A);
  });

  test('is found below a root that survived it, and without any root', () => {
    expect(originOf({ id: 'a' }, { id: 'd', parent: 'a', error: true })).toBe(D);
    expect(originOf({ id: 'd', parent: 'gone', error: true })).toBe(D);
  });

  test('does not exist when nothing failed; circles end', () => {
    expect(originOf({ id: 'a' })).toBeUndefined();
    expect(
      originOf({ id: 'c', parent: 'd', error: true }, { id: 'd', parent: 'c', error: true }),
    ).toBeDefined();
  });

  test('20,000 failed spans in a chain take no time to speak of', () => {
    const spans: SpanSketch[] = [{ id: 'n0', error: true }];
    for (let n = 1; n < 20_000; n += 1) {
      spans.push({ id: `n${n}`, parent: `n${n - 1}`, error: true, service: 'deep' });
    }
    expect(errorOrigin(traceOf(strings, spans))).toBe(19_999);
  });

  test('is aggregated per endpoint, with a kept trace as example', () => {
    const origins = new ErrorOriginAggregator(strings);
    const spans: SpanSketch[] = [
      { id: 'a', service: 'gateway', name: 'POST /', error: true },
      { id: 'b', parent: 'a', service: 'pay', name: 'charge', error: true },
    ];
    origins.record(traceOf(strings, spans), KEEP, 20_000);
    origins.record(traceOf(strings, spans), { ...KEEP, keep: false }, 20_000);
    origins.record(traceOf(strings, [{ id: 'a' }]), KEEP, 20_000);
    expect(origins.drain()).toEqual([
      {
        time: 20,
        root_service: 'gateway',
        root_operation: 'POST /',
        origin_service: 'pay',
        origin_operation: 'charge',
        traces: 2,
        example_trace_id: TRACE_ID,
      },
    ]);
    expect(origins.drain()).toEqual([]);
  });

  test('totals are exact: kinds beyond the bound count together', () => {
    const origins = new ErrorOriginAggregator(strings, { maxSeries: 2 });
    for (let n = 0; n < 10; n += 1) {
      origins.record(traceOf(strings, [{ id: 'a', name: `GET /${n}`, error: true }]), KEEP, 0);
    }
    const rows = origins.drain();
    expect(rows.map((row) => [row.root_operation, row.traces])).toEqual([
      ['GET /0', 1],
      ['GET /1', 1],
      ['__overflow__', 8],
    ]);
    expect(rows[2]).toMatchObject({ root_service: '__overflow__', origin_service: '__overflow__' });
    expect(origins.overflowed).toBe(8);
  });
});

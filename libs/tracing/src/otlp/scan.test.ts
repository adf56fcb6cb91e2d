import { describe, expect, test } from 'vitest';
import { decodeSpan } from './decode-span.ts';
import { Interner } from './interner.ts';
import { encode, hexBytes } from './proto.fixture.ts';
import { type ScanResult, scan } from './scan.ts';
import { INSTANCE, type SpanTable } from './span-table.ts';
import { bytesOf, requestOf, type SpanSketch, TRACE_ID } from './trace.fixture.ts';
import { WireWriter } from './write.ts';

const strings = new Interner();

function accepted(result: ScanResult): SpanTable {
  if (!result.ok) throw new Error(result.fault.message);
  return result.table;
}

/** A request of one span given as its raw protobuf bytes. */
function wrap(...spans: Uint8Array[]): Uint8Array {
  const scope = new WireWriter();
  for (const span of spans) scope.bytes(2, span);
  const resource = new WireWriter();
  resource.message(2, scope);
  const request = new WireWriter();
  request.message(1, resource);
  return request.finish();
}

function spanBytes(...more: ((span: WireWriter) => void)[]): Uint8Array {
  const span = new WireWriter();
  span.bytes(1, hexBytes(TRACE_ID));
  span.bytes(2, hexBytes('00f067aa0ba902b7'));
  for (const write of more) write(span);
  return span.finish();
}

function attributesOf(table: SpanTable, span = 0): Record<string, string> {
  return decodeSpan(table, span, strings).SpanAttributes;
}

describe('a request', () => {
  test('without anything succeeds', () => {
    const result = scan(new Uint8Array(0), strings);
    expect(result).toMatchObject({ ok: true, rejected: { count: 0, message: '' } });
  });

  test('becomes rows of exact ids, times and interned names', () => {
    const sketch: SpanSketch = {
      id: 'a',
      parent: 'b',
      service: 'checkout',
      instance: 'c-1',
      host: 'node-7',
      name: 'POST /orders',
      kind: 'server',
      start: 1,
      end: 3.5,
      error: true,
    };
    const table = accepted(scan(bytesOf([sketch]), strings));
    expect(table.count).toBe(1);
    expect(table.traceId(0)).toBe(TRACE_ID);
    expect(table.spanId(0)).toBe('6100000000000000');
    expect(table.parentSpanId(0)).toBe('6200000000000000');
    expect(table.startNs(0)).toBe(1_700_000_000_001_000_000n);
    expect(table.durationNs(0)).toBe(2_500_000);
    expect(table.kind(0)).toBe(2);
    expect(table.isError(0)).toBe(true);
    expect(strings.text(table.service(0))).toBe('checkout');
    expect(strings.text(table.name(0))).toBe('POST /orders');
    expect(strings.text(table.word(0, INSTANCE))).toBe('c-1');
  });

  test('without an instance id is told apart by its host', () => {
    const table = accepted(scan(bytesOf([{ id: 'a', host: 'node-7' }]), strings));
    expect(strings.text(table.word(0, INSTANCE))).toBe('node-7');
  });

  test('without a service name is counted under unknown_service, in rows too', () => {
    const table = accepted(scan(bytesOf([{ id: 'a', service: '' }]), strings));
    expect(strings.text(table.service(0))).toBe('unknown_service');
    expect(decodeSpan(table, 0, strings).ServiceName).toBe('unknown_service');
  });

  test('carries flyball.blocking in the row', () => {
    const spans: SpanSketch[] = [
      { id: 'a' },
      { id: 'b', attributes: { 'flyball.blocking': true } },
      { id: 'c', attributes: { 'flyball.blocking': false } },
      { id: 'd', attributes: { 'flyball.blockinG': true, 'flyball.blocking': 'yes' } },
      { id: 'e', attributes: { 'flyball.blocking': 'false' } },
    ];
    const table = accepted(scan(bytesOf(spans), strings));
    expect([0, 1, 2, 3, 4].map((span) => table.blocking(span))).toEqual([-1, 1, 0, -1, 0]);
  });
});

describe('protobuf reading rules', () => {
  test('unknown fields of every wire type are skipped, nested groups too', () => {
    const bytes = spanBytes(
      (span) => span.varint(1000, 7),
      (span) => span.fixed64(1001, 7n),
      (span) => span.text(1002, 'x'),
      (span) => span.fixed32(1003, 7),
      // start group 20, start group 21, varint 22 = 1, end group 21, end group 20
      (span) => span.raw(Uint8Array.of(0xa3, 1, 0xab, 1, 0xb0, 1, 1, 0xac, 1, 0xa4, 1)),
      (span) => span.text(5, 'after'),
    );
    const table = accepted(scan(wrap(bytes), strings));
    expect(strings.text(table.name(0))).toBe('after');
  });

  test('a known number with another wire type is an unknown field', () => {
    const bytes = spanBytes(
      (span) => span.text(5, 'name'),
      (span) => span.varint(5, 3),
      (span) => span.text(6, 'kind'),
    );
    const table = accepted(scan(wrap(bytes), strings));
    expect(strings.text(table.name(0))).toBe('name');
    expect(table.kind(0)).toBe(0);
  });

  test('the last scalar wins', () => {
    const bytes = spanBytes(
      (span) => span.text(5, 'first'),
      (span) => span.varint(6, 3),
      (span) => span.text(5, 'second'),
      (span) => span.varint(6, 2),
    );
    const table = accepted(scan(wrap(bytes), strings));
    expect(strings.text(table.name(0))).toBe('second');
    expect(decodeSpan(table, 0, strings).SpanName).toBe('second');
    expect(table.kind(0)).toBe(2);
  });

  test('a split resource, scope and status are merged', () => {
    const resource = (key: string, value: string): Uint8Array =>
      encode('Resource', { attributes: [{ key, value: { stringValue: value } }] });
    const scope = new WireWriter();
    scope.bytes(1, encode('Scope', { name: 'lib' }));
    scope.bytes(
      2,
      spanBytes(
        (span) => span.bytes(15, encode('Status', { message: 'bad' })),
        (span) => span.bytes(15, encode('Status', { code: 2 })),
      ),
    );
    scope.bytes(1, encode('Scope', { version: '2.0' }));
    const inner = new WireWriter();
    inner.bytes(1, resource('service.name', 'checkout'));
    inner.message(2, scope);
    inner.bytes(1, resource('zone', 'b'));
    const request = new WireWriter();
    request.message(1, inner);
    const table = accepted(scan(request.finish(), strings));
    expect(decodeSpan(table, 0, strings)).toMatchObject({
      ServiceName: 'checkout',
      ResourceAttributes: { 'service.name': 'checkout', zone: 'b' },
      ScopeName: 'lib',
      ScopeVersion: '2.0',
      StatusCode: 'Error',
      StatusMessage: 'bad',
    });
  });

  test('a split value is merged, inside its oneof too; another member replaces it', () => {
    const list = (...values: string[]): Uint8Array =>
      encode('AnyValue', { arrayValue: { values: values.map((v) => ({ stringValue: v })) } });
    const pair = (...values: Uint8Array[]): Uint8Array => {
      const out = new WireWriter();
      out.text(1, 'k');
      for (const value of values) out.bytes(2, value);
      return out.finish();
    };
    const merged = wrap(spanBytes((span) => span.bytes(9, pair(list('a'), list('b')))));
    expect(attributesOf(accepted(scan(merged, strings)))).toEqual({ k: '["a","b"]' });
    const replaced = wrap(
      spanBytes((span) =>
        span.bytes(9, pair(list('a'), encode('AnyValue', { intValue: 5 }), list('b'))),
      ),
    );
    expect(attributesOf(accepted(scan(replaced, strings)))).toEqual({ k: '["b"]' });
  });

  test('numbers of ten bytes are read', () => {
    const bytes = spanBytes((span) => span.varint(6, -1n));
    expect(accepted(scan(wrap(bytes), strings)).kind(0)).toBe(0);
    const value = encode('KeyValue', { key: 'n', value: { intValue: '-9223372036854775808' } });
    const table = accepted(scan(wrap(spanBytes((span) => span.bytes(9, value))), strings));
    expect(attributesOf(table)).toEqual({ n: '-9223372036854775808' });
  });
});

describe('a fault of one span leaves the others', () => {
  const good = spanBytes();
  const cases: [string, Uint8Array, string][] = [
    ['no trace id', new Uint8Array(0), 'trace id is missing'],
    ['a short trace id', idSpan('0102', '00f067aa0ba902b7'), 'trace id has 2 bytes instead of 16'],
    ['a zero trace id', idSpan('0'.repeat(32), '00f067aa0ba902b7'), 'trace id is all zeros'],
    ['a long span id', idSpan(TRACE_ID, '00'.repeat(9)), 'span id has 9 bytes instead of 8'],
    ['a zero span id', idSpan(TRACE_ID, '0'.repeat(16)), 'span id is all zeros'],
    [
      'a short parent id',
      spanBytes((span) => span.bytes(4, Uint8Array.of(1))),
      'parent span id has 1 bytes instead of 8',
    ],
    ['a broken name', spanBytes((span) => span.bytes(5, Uint8Array.of(0xff))), 'not UTF-8'],
    [
      'a broken attribute',
      spanBytes((span) => span.bytes(9, Uint8Array.of(0x0a, 1, 0xc0))),
      'not UTF-8',
    ],
    [
      'a broken event',
      spanBytes((span) => span.bytes(11, Uint8Array.of(0x12, 1, 0xc0))),
      'not UTF-8',
    ],
  ];

  function idSpan(traceId: string, spanId: string): Uint8Array {
    const span = new WireWriter();
    span.bytes(1, hexBytes(traceId));
    span.bytes(2, hexBytes(spanId));
    return span.finish();
  }

  test.each(cases)('%s', (_, bad, cause) => {
    const result = scan(wrap(good, bad, good), strings);
    expect(result).toMatchObject({ ok: true, rejected: { count: 1 } });
    if (!result.ok) return;
    expect(result.table.count).toBe(2);
    expect(result.rejected.message).toContain(cause);
    expect(result.rejected.message).toContain('first: span 1');
  });

  test('a broken resource rejects its spans only', () => {
    const broken = new WireWriter();
    broken.bytes(1, Uint8Array.of(0x0a, 3, 0x0a, 1, 0xff));
    const scope = new WireWriter();
    scope.bytes(2, good);
    broken.message(2, scope);
    const request = new WireWriter();
    request.message(1, broken);
    request.raw(bytesOf([{ id: 'a' }]));
    const result = scan(request.finish(), strings);
    expect(result).toMatchObject({ ok: true, rejected: { count: 1 } });
    if (result.ok) expect(result.table.count).toBe(1);
  });

  test('one with more parts than anybody looks at is rejected', () => {
    const ATTRIBUTE = 9;
    const EVENT = 11;
    for (const field of [ATTRIBUTE, EVENT]) {
      const many = (count: number) =>
        spanBytes((span) => {
          for (let part = 0; part < count; part += 1) span.bytes(field, new Uint8Array(0));
        });
      const result = scan(wrap(many(100_001), spanBytes(), many(100)), strings);
      expect(accepted(result).count).toBe(2);
      const message = expect.stringContaining('1 x it has more than 100000 attributes');
      expect(result).toMatchObject({ rejected: { count: 1, message } });
    }
  });

  test('an all-zero parent id is a root', () => {
    const bytes = spanBytes((span) => span.bytes(4, new Uint8Array(8)));
    expect(accepted(scan(wrap(bytes), strings)).isRoot(0)).toBe(true);
  });
});

describe('a body that is not the message is refused with its place', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['text', Uint8Array.from('hello', (c) => c.charCodeAt(0)), /malformed protobuf at byte/],
    ['a length past the end', Uint8Array.of(0x0a, 5, 1), /at byte 1: a length of 5 runs past/],
    ['an endless number', new Uint8Array(11).fill(0xff), /longer than ten bytes/],
    ['a group without an end', Uint8Array.of(0x1b, 0x08, 1), /a group is not ended/],
    ['an end without a group', Uint8Array.of(0x1c), /a group ends that never began/],
    ['field number 0', Uint8Array.of(0x02, 0), /field number is out of range/],
    ['wire type 6', Uint8Array.of(0x0e), /wire type 6 does not exist/],
    ['groups 101 deep', new Uint8Array(101).fill(0x1b), /nested deeper than 100/],
    [
      'a span with a cut time',
      wrap(
        spanBytes(),
        spanBytes((span) => span.raw(Uint8Array.of(0x39, 1, 2))),
      ),
      /in span 1 at byte \d+: a 8-byte number is cut off/,
    ],
  ];

  test.each(cases)('%s', (_, bytes, message) => {
    const result = scan(bytes, strings);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.fault.message).toMatch(message);
  });

  test('lists nested 101 deep, without overflowing the stack at 100,000', () => {
    const nested = (levels: number): Uint8Array => {
      let value = encode('AnyValue', { stringValue: 'x' });
      for (let level = 0; level < levels; level += 1) {
        const list = new WireWriter();
        list.bytes(1, value);
        const outer = new WireWriter();
        outer.message(5, list);
        value = outer.finish();
      }
      const pair = new WireWriter();
      pair.text(1, 'k');
      pair.bytes(2, value);
      return wrap(spanBytes((span) => span.bytes(9, pair.finish())));
    };
    expect(scan(nested(50), strings).ok).toBe(true);
    const result = scan(nested(2000), strings);
    expect(result.ok ? '' : result.fault.message).toMatch(/nested deeper than 100/);
  });

  test('offsets count from the body, also when it is a view into a larger buffer', () => {
    const buffer = new Uint8Array(64);
    buffer.set([0x0a, 5, 1], 40);
    const result = scan(buffer.subarray(40, 43), strings);
    expect(result).toMatchObject({ ok: false, fault: { offset: 1, index: undefined } });
  });
});

test('the table is reused from scan to scan', () => {
  const first = scan(bytesOf([{ id: 'a' }, { id: 'b' }]), strings);
  const table = accepted(first);
  accepted(scan(encode('TraceRequest', requestOf([{ id: 'c' }])), strings, table));
  expect(table.count).toBe(1);
  expect(table.bodies).toHaveLength(1);
});

test('names that never repeat leave room for the names of services and instances', () => {
  const few = new Interner({ maxEntries: 100 });
  const sketch = (at: number): SpanSketch => ({ id: 'a', service: 'noisy', name: `GET /${at}` });
  for (let at = 0; at < 200; at += 1) scan(bytesOf([sketch(at)]), few);
  const calm: SpanSketch = { id: 'b', service: 'calm', instance: 'calm-1', name: 'GET /new' };
  const table = accepted(scan(bytesOf([calm]), few));
  expect(few.text(table.service(0))).toBe('calm');
  expect(few.text(table.word(0, INSTANCE))).toBe('calm-1');
  expect(few.text(table.name(0))).toBe('__overflow__');
});

test('rejected spans are counted by the service that sent them', () => {
  const spans = requestOf([
    { id: 'a', service: 'shop' },
    { id: 'b', service: 'till' },
    { id: 'c', service: 'till' },
  ]) as { resourceSpans: { scopeSpans: { spans: { traceId: Uint8Array }[] }[] }[] };
  for (const { scopeSpans } of spans.resourceSpans.slice(1)) {
    for (const span of scopeSpans[0]?.spans ?? []) span.traceId = new Uint8Array(3);
  }
  const names = new Interner();
  const result = scan(encode('TraceRequest', spans), names);
  if (!result.ok) throw new Error(result.fault.message);
  const rejected = [...result.rejectedBy].map(([service, count]) => [names.text(service), count]);
  expect(rejected).toEqual([['till', 2]]);
  expect(result.table.count).toBe(1);
});

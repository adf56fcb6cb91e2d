import { describe, expect, test } from 'vitest';
import { decodeSpan, type TraceRow } from './decode-span.ts';
import { Interner } from './interner.ts';
import { jsonToProtobuf } from './json.ts';
import { TRACE_REQUEST } from './json-schema.ts';
import { scanJson } from './scan-json.ts';

const strings = new Interner();
const ID = '5b8efff798038103d269b633813fc60c';

function body(span: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
}

function rowOf(span: string): TraceRow {
  const result = scanJson(body(span), strings);
  if (!result.ok) throw new Error(result.fault.message);
  return decodeSpan(result.table, 0, strings);
}

function messageOf(text: string): string {
  const result = scanJson(text, strings);
  return result.ok ? result.rejected.message : result.fault.message;
}

const IDS = `"traceId":"${ID.toUpperCase()}","spanId":"EEE19B7EC3C1B174"`;

test('the usual hand-written request', () => {
  const row = rowOf(`{${IDS},"parentSpanId":"","name":"I'm a server span","kind":2,
    "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000001,
    "attributes":[{"key":"my.attr","value":{"stringValue":"some value"}}],"status":{}}`);
  expect(row).toMatchObject({
    TraceId: ID,
    SpanId: 'eee19b7ec3c1b174',
    ParentSpanId: '',
    SpanKind: 'Server',
    Timestamp: '1544712660.000000000',
    Duration: '1000000001',
    SpanAttributes: { 'my.attr': 'some value' },
  });
});

test('64-bit integers keep every digit, as numbers too; text like one is left alone', () => {
  const row = rowOf(`{${IDS},"attributes":[
    {"key":"int","value":{"intValue":-9007199254740993}},
    {"key":"small","value":{"intValue":7}},
    {"key":"text","value":{"stringValue":"say \\"1234567890123456789\\", 9007199254740993"}},
    {"key":"double","value":{"doubleValue":0.12345678901234567}},
    {"key":"big","value":{"doubleValue":12345678901234567890}}]}`);
  expect(row.SpanAttributes).toEqual({
    big: '12345678901234567000',
    double: '0.12345678901234566',
    int: '-9007199254740993',
    small: '7',
    text: 'say "1234567890123456789", 9007199254740993',
  });
});

test('unknown members of any name are skipped, null is absent, special doubles are strings', () => {
  const row = rowOf(`{${IDS},"":1,"trace_id":"x","__proto__":{"a":1},"more":{"deep":[1,{}]},
    "name":null,"events":null,"attributes":[
    {"key":"nan","value":{"doubleValue":"NaN"}},{"key":"bytes","value":{"bytesValue":"_-8"}}]}`);
  expect(row.SpanName).toBe('');
  expect(row.SpanAttributes).toEqual({ nan: 'NaN', bytes: '/+8=' });
});

describe('what is wrong is said with its place', () => {
  const cases: [string, string, RegExp][] = [
    ['trailing data', `${body(`{${IDS}}`)} x`, /malformed JSON: /],
    ['no JSON', '<xml>', /malformed JSON: /],
    ['nothing', '', /malformed JSON: /],
    ['another value', '[]', /the body must be an object, not an array/],
    ['a list that is none', '{"resourceSpans":{}}', /resourceSpans must be an array, not a object/],
    [
      'an enum by name',
      body(`{${IDS},"kind":"SPAN_KIND_SERVER"}`),
      /resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]\.kind must be an integer/,
    ],
    ['a fraction', body(`{${IDS},"kind":1.5}`), /kind must be an integer/],
    ['a number for text', body(`{${IDS},"name":5}`), /name must be a string, not a number/],
    [
      'a time of 65 bits',
      body(`{${IDS},"startTimeUnixNano":"18446744073709551616"}`),
      /startTimeUnixNano is out of range/,
    ],
    [
      'broken base64',
      body(`{${IDS},"attributes":[{"key":"b","value":{"bytesValue":"a"}}]}`),
      /bytesValue is not base64/,
    ],
  ];

  test.each(cases)('%s', (_, text, message) => {
    expect(scanJson(text, strings).ok).toBe(false);
    expect(messageOf(text)).toMatch(message);
  });

  test('long numbers where none may stand, though they are read without loss', () => {
    expect(scanJson('{1234567890123456789:[]}', strings).ok).toBe(false);
    expect(scanJson('{"x":1234567890123456789 :1}', strings).ok).toBe(false);
    expect(scanJson('{"x":0000000000000000001}', strings).ok).toBe(false);
    expect(scanJson('{"x":1234567890123456789}', strings).ok).toBe(true);
  });

  test('an id that is not hexadecimal rejects its span alone', () => {
    const text = body(`{${IDS}},{"traceId":"${ID}","spanId":"not-hex!"}`);
    const result = scanJson(text, strings);
    expect(result).toMatchObject({ ok: true, rejected: { count: 1 } });
    expect(messageOf(text)).toContain('spans[1].spanId ("not-hex!") is not hexadecimal');
  });

  test('values nested too deep, and very deep unknown ones', () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(300)}{}${']}}'.repeat(300)}`;
    const text = body(`{${IDS},"attributes":[{"key":"k","value":${deep}}]}`);
    expect(messageOf(text)).toMatch(/nested deeper than 100/);
    const unknown = `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(scanJson(unknown, strings).ok).toBe(true);
  });
});

test('a body of more values than telemetry has is refused before it is parsed', () => {
  const spans = `{"x":[${'{},'.repeat(20)}{}],"text":"${'[{,'.repeat(100)}"}`;
  expect(jsonToProtobuf(spans, TRACE_REQUEST, 44)).toMatchObject({ ok: true });
  const refused = jsonToProtobuf(spans, TRACE_REQUEST, 43);
  expect(refused).toMatchObject({ ok: false, fault: { tooLarge: true } });
  expect(messageOf(`{"x":[${'[],'.repeat(4_000_000)}[]]}`)).toContain('smaller batches');
});

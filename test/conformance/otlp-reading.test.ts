import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Door, type DoorName, openDoor } from './otlp-doors.ts';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';
import { traceRequest, traceRequestJson } from './otlp-messages.ts';
import {
  double,
  fixed32,
  fixed64,
  group,
  groupStart,
  number,
  parts,
  textAttribute,
} from './otlp-wire.ts';

/** Facts 5, 6, 8 and 10 to 13: how requests are read, the same over both transports. */
let stack: Stack;
let doors: Record<DoorName, Door>;

beforeAll(async () => {
  stack = await startStack({ config: QUICK });
  doors = {
    http: openDoor('http', stack.collector),
    grpc: openDoor('grpc', stack.collector),
  };
});

afterAll(async () => {
  for (const door of Object.values(doors ?? {})) door.close();
  await stack?.stop();
});

const names: [DoorName][] = [['http'], ['grpc']];
type Row = Record<string, unknown>;

const nowNs = () => BigInt(Date.now()) * 1_000_000n;
const span = (changes = {}) => ({ traceId: hexId(16), spanId: hexId(8), ...changes });

/** A span's first fields and that it failed, so that it is kept; then what is given. */
function rawSpan(ids: { traceId: string; spanId: string }, ...more: Buffer[]): Buffer {
  return parts(
    2,
    parts(1, Buffer.from(ids.traceId, 'hex')),
    parts(2, Buffer.from(ids.spanId, 'hex')),
    fixed64(7, nowNs()),
    fixed64(8, nowNs()),
    parts(15, number(3, 2)),
    ...more,
  );
}

const inResource = (...content: Buffer[]) => parts(1, ...content);
const named = (service: string) => parts(1, textAttribute(1, 'service.name', service));

async function stored(spanId: string): Promise<Row> {
  const rows = await stack.rows<Row>(`SELECT * FROM otel_traces WHERE SpanId = '${spanId}'`);
  return rows[0] as Row;
}

describe.each(names)('protobuf over %s', (by) => {
  test('unknown fields, other wire types, repeated scalars and ten-byte numbers', async () => {
    const ids = span();
    const strange = [
      number(900, 2n ** 64n - 1n),
      fixed64(901, 1n),
      parts(902, 'unknown'),
      fixed32(903, 1),
      group(904, group(905, number(1, 1)), parts(7, 'in a group')),
      number(5, 3),
      parts(6, 'a kind is a number'),
      parts(5, 'first name'),
      parts(5, 'last name'),
      number(6, 3),
      number(6, 2),
      parts(9, parts(1, 'low'), parts(2, number(3, -(2n ** 63n)))),
    ];
    const body = inResource(named('reading'), parts(2, rawSpan(ids, ...strange)));
    expect(await doors[by].send('traces', body)).toEqual({
      code: 0,
      message: '',
      rejected: undefined,
    });
    expect(await stored(ids.spanId)).toMatchObject({
      SpanName: 'last name',
      SpanKind: 'Server',
      ServiceName: 'reading',
      SpanAttributes: { low: '-9223372036854775808' },
    });
  });

  test('sub-messages in pieces are merged, inside a oneof too', async () => {
    const ids = span();
    const list = (text: string) => parts(2, parts(5, parts(1, parts(1, text))));
    const pieces = rawSpan(
      ids,
      parts(15, parts(2, 'in two')),
      parts(9, parts(1, 'list'), list('a'), list('b')),
    );
    const scoped = parts(2, parts(1, parts(1, 'lib')), pieces, parts(1, parts(2, '2.0')));
    const zone = parts(1, textAttribute(1, 'zone', 'b'));
    const { code } = await doors[by].send('traces', inResource(named('split'), scoped, zone));
    expect(code).toBe(0);
    expect(await stored(ids.spanId)).toMatchObject({
      ServiceName: 'split',
      ResourceAttributes: { 'service.name': 'split', zone: 'b' },
      ScopeName: 'lib',
      ScopeVersion: '2.0',
      StatusCode: 'Error',
      StatusMessage: 'in two',
      SpanAttributes: { list: '["a","b"]' },
    });
  });

  const broken: [string, Buffer, RegExp][] = [
    ['an unterminated group', groupStart(20), /group is not ended/],
    ['groups too deep', Buffer.concat(Array(101).fill(groupStart(3))), /deeper than 100/],
    ['a number of eleven bytes', Buffer.from(`08${'ff'.repeat(10)}01`, 'hex'), /ten bytes/],
  ];
  test.each(broken)('%s is bad data, with span and byte', async (_name, bytes, why) => {
    const body = inResource(parts(2, rawSpan(span()), rawSpan(span(), bytes)));
    const reply = await doors[by].send('traces', body);
    expect(reply.code).toBe(3);
    expect(reply.message).toMatch(/in span 1 at byte \d+/);
    expect(reply.message).toMatch(why);
  });

  test('a string that is not UTF-8 and ids of any length reject that span only', async () => {
    const good = span();
    const spans = [
      rawSpan(span(), parts(5, Buffer.from([0xff]))),
      rawSpan(good),
      rawSpan(span({ traceId: 'abcd' })),
      rawSpan(span({ spanId: '0'.repeat(16) })),
      rawSpan(span(), parts(4, Buffer.from([1]))),
    ];
    const reply = await doors[by].send('traces', inResource(parts(2, ...spans)));
    expect(reply).toMatchObject({ code: 0, rejected: 4 });
    for (const why of [
      'it has a string that is not UTF-8 (first: span 0)',
      'trace id has 2 bytes instead of 16 (first: span 2)',
      'span id is all zeros (first: span 3)',
      'parent span id has 1 bytes instead of 8 (first: span 4)',
    ]) {
      expect(reply.message).toContain(why);
    }
    expect((await stored(good.spanId)).TraceId).toBe(good.traceId);
  });

  test('a span that comes again in another request is stored and counted once', async () => {
    const service = `again-${by}`;
    const twice = traceRequest(span({ service }));
    for (let sending = 0; sending < 2; sending += 1) await doors[by].send('traces', twice);
    await doors[by].send('traces', traceRequest(span({ service, name: 'last' })));
    const rows = await stack.rows<Row>(
      `SELECT SpanName FROM otel_traces WHERE ServiceName = '${service}'`,
      (found) => found.some((row) => row.SpanName === 'last'),
    );
    expect(rows).toHaveLength(2);
    expect(
      await stack.rows(
        `SELECT sum(count) AS n FROM flyball_red WHERE service = '${service}'`,
        ([row]) => Number((row as Row | undefined)?.n) >= 2,
      ),
    ).toEqual([{ n: 2 }]);
  });

  test.each(['traces', 'metrics', 'logs'] as const)(
    'bad %s are refused by name',
    async (signal) => {
      const reply = await doors[by].send(signal, Buffer.from('0a7f01', 'hex'));
      expect(reply.code).toBe(3);
      expect(reply.message).toMatch(/^malformed protobuf.* at byte \d+: .*runs past the end/);
    },
  );
});

/** A metric of one point; `kind` is its number in Metric. */
function metric(name: string, kind: number, point: Buffer, ...more: Buffer[]): Buffer {
  return parts(2, parts(1, name), parts(kind, parts(1, fixed64(3, nowNs()), point), ...more));
}

const packed = (field: number, ...values: bigint[]) => {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(value, 8 * index);
  return parts(field, bytes);
};

describe.each(names)('metrics and logs over %s', (by) => {
  test('all five kinds of metrics, packed and unpacked numbers mixed', async () => {
    const service = `kinds-${by}`;
    const bounds = Buffer.concat([1, 2, 3].map((bound) => double(7, bound)));
    const counts = Buffer.concat([fixed64(6, 9n), packed(6, 1n, 2n), fixed64(6, 3n)]);
    const quantile = parts(6, double(1, 0.5), double(2, 21));
    const buckets = parts(8, number(1, 3), number(2, 4), parts(2, Buffer.from([5, 6])));
    const body = inResource(
      named(service),
      parts(
        2,
        metric('g', 5, double(4, 21.5)),
        metric('s', 7, fixed64(6, 2n ** 64n - 7n), number(2, 2), number(3, 1)),
        metric('h', 9, Buffer.concat([fixed64(4, 15n), double(5, 30), counts, bounds])),
        metric('e', 10, Buffer.concat([fixed64(4, 15n), number(6, 1), buckets])),
        metric('q', 11, Buffer.concat([fixed64(4, 2n), double(5, 42), quantile])),
      ),
    );
    expect(await doors[by].send('metrics', body)).toMatchObject({ code: 0, rejected: undefined });
    const row = async (table: string, columns: string) =>
      (
        await stack.rows<Row>(
          `SELECT ${columns} FROM otel_metrics_${table} WHERE ServiceName = '${service}'`,
        )
      )[0];
    expect(await row('gauge', 'MetricName, Value')).toEqual({ MetricName: 'g', Value: 21.5 });
    expect(await row('sum', 'Value, IsMonotonic, AggregationTemporality AS t')).toEqual({
      Value: -7,
      IsMonotonic: true,
      t: 2,
    });
    expect(await row('histogram', 'BucketCounts, ExplicitBounds')).toEqual({
      BucketCounts: [9, 1, 2, 3],
      ExplicitBounds: [1, 2, 3],
    });
    const columns = 'Scale, PositiveOffset AS at, PositiveBucketCounts AS counts';
    expect(await row('exponential_histogram', columns)).toEqual({
      Scale: -1,
      at: -2,
      counts: [4, 5, 6],
    });
    expect(await row('summary', '`ValueAtQuantiles.Value` AS v, Sum')).toEqual({
      v: [21],
      Sum: 42,
    });
  });

  test('a data point that cannot be stored truthfully is rejected alone', async () => {
    const service = `points-${by}`;
    const wrong = Buffer.concat([fixed64(4, 1n), fixed64(6, 1n), double(7, 1), double(7, 2)]);
    const body = inResource(
      named(service),
      parts(2, metric('h', 9, wrong), metric('g', 5, double(4, 1))),
    );
    const reply = await doors[by].send('metrics', body);
    expect(reply).toMatchObject({ code: 0, rejected: 1 });
    expect(reply.message).toContain('bucket counts are not one more than its bounds');
    expect(reply.message).toContain('first: data point 0');
    const query = `SELECT Value FROM otel_metrics_gauge WHERE ServiceName = '${service}'`;
    expect(await stack.rows(query)).toEqual([{ Value: 1 }]);
  });

  test('a log record that is not UTF-8 is rejected alone', async () => {
    const service = `records-${by}`;
    const record = (body: Buffer | string) =>
      parts(2, fixed64(1, nowNs()), parts(5, parts(1, body)));
    const body = inResource(named(service), parts(2, record(Buffer.from([0xc0])), record('good')));
    const reply = await doors[by].send('logs', body);
    expect(reply).toMatchObject({ code: 0, rejected: 1 });
    expect(reply.message).toContain('not UTF-8 (first: log record 0)');
    const query = `SELECT Body FROM otel_logs WHERE ServiceName = '${service}'`;
    expect(await stack.rows(query)).toEqual([{ Body: 'good' }]);
  });
});

async function postJson(signal: string, body: object | string): Promise<[number, Row]> {
  const response = await fetch(`${stack.collector.http}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return [response.status, (await response.json()) as Row];
}

describe('JSON', () => {
  test('64-bit integers as numbers are exact; bytes are base64', async () => {
    const ids = span();
    const [start, end] = [String(nowNs() + 1n), String(nowNs() + 1_000_000_004n)];
    const text = JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  ...ids,
                  name: 'exact',
                  status: { code: 2 },
                  startTimeUnixNano: start,
                  endTimeUnixNano: end,
                  attributes: [
                    { key: 'n', value: { intValue: '9007199254740993' } },
                    { key: 'b', value: { bytesValue: '+/8=' } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    }).replaceAll(/"(\d{16,})"/g, (quoted, digits: string) =>
      [start, end, '9007199254740993'].includes(digits) ? digits : quoted,
    );
    expect(text).toContain(`:${start},`);
    expect(await postJson('traces', text)).toEqual([200, {}]);
    expect(await stored(ids.spanId)).toMatchObject({
      Duration: Number(BigInt(end) - BigInt(start)),
      SpanAttributes: { n: '9007199254740993', b: '+/8=' },
    });
  });

  test('names in snake_case are unknown members; an enum is an integer', async () => {
    const request = traceRequestJson(span());
    const snake = JSON.stringify(request).replace('resourceSpans', 'resource_spans');
    const received = 'flyball_collector_received_total{signal="traces"}';
    const before = await stack.collector.metric(received);
    expect(await postJson('traces', snake)).toEqual([200, {}]);
    // The collector traces itself, in requests of its own that pass no door.
    expect((await stack.collector.metric(received)) - before).toBeLessThan(2);
    const byName = JSON.stringify(request).replace('"kind":2', '"kind":"SPAN_KIND_SERVER"');
    const [status, body] = await postJson('traces', byName);
    expect(status).toBe(400);
    expect(body.message).toContain('spans[0].kind must be an integer');
  });

  test('partial successes are told in the words of the signal', async () => {
    const gauge = { dataPoints: [{ asDouble: 1, timeUnixNano: '1' }] };
    const [, metrics] = await postJson('metrics', {
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge }] }] }],
    });
    expect(metrics).toEqual({
      partialSuccess: {
        rejectedDataPoints: '1',
        errorMessage: expect.stringContaining('its metric has no name'),
      },
    });
    const id = span({ traceId: 'zz' });
    const [, traces] = await postJson('traces', traceRequestJson(id));
    expect(traces).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: expect.stringContaining('spans[0].traceId ("zz") is not hexadecimal'),
      },
    });
  });

  test.each(['traces', 'metrics', 'logs'])(
    'bad %s are 400 with a Status in JSON',
    async (signal) => {
      const [status, body] = await postJson(signal, '{"resourceSpans"');
      expect([status, body.code]).toEqual([400, 3]);
      expect(body.message).toMatch(/^malformed JSON: ./);
    },
  );
});

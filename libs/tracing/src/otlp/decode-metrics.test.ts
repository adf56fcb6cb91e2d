import { describe, expect, test } from 'vitest';
import { decodeMetrics, decodeMetricsJson, type MetricsResult } from './decode-metrics.ts';
import { seeded } from './load.fixture.ts';
import { toProtobuf } from './model.fixture.ts';
import { WireWriter } from './write.ts';

const ATTRIBUTES = [{ key: 'zone', value: { stringValue: 'b' } }];
const EXEMPLAR = {
  timeUnixNano: '1700000000000000005',
  asDouble: 1.5,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  filteredAttributes: ATTRIBUTES,
};
const TIMES = {
  attributes: ATTRIBUTES,
  startTimeUnixNano: '1700000000000000001',
  timeUnixNano: '1700000001000000002',
  flags: 1,
};

const HISTOGRAM = {
  ...TIMES,
  count: '18446744073709551615',
  sum: 12.5,
  bucketCounts: ['1', '2'],
  explicitBounds: [0.5],
  exemplars: [EXEMPLAR],
  min: 0.25,
  max: 9,
};
const EXPONENTIAL = {
  ...TIMES,
  count: '6',
  sum: 12.5,
  scale: -3,
  zeroCount: '1',
  positive: { offset: -2, bucketCounts: ['2', '18446744073709551615'] },
  negative: { offset: 4, bucketCounts: ['1'] },
};
const SUMMARY = {
  ...TIMES,
  count: '3',
  sum: 6,
  quantileValues: [
    { quantile: 0.5, value: 2 },
    { quantile: 1, value: 3 },
  ],
};

const METRICS = [
  { name: 'temp', unit: 'Cel', gauge: { dataPoints: [{ ...TIMES, asDouble: 21.5 }] } },
  {
    name: 'requests',
    description: 'served',
    sum: {
      dataPoints: [{ ...TIMES, asInt: '-7', exemplars: [EXEMPLAR] }],
      aggregationTemporality: 2,
      isMonotonic: true,
    },
  },
  { name: 'latency', histogram: { dataPoints: [HISTOGRAM], aggregationTemporality: 1 } },
  {
    name: 'sizes',
    exponentialHistogram: { dataPoints: [EXPONENTIAL], aggregationTemporality: 1 },
  },
  { name: 'old', summary: { dataPoints: [SUMMARY] } },
];

function requestOf(metrics: object[]): object {
  return {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        schemaUrl: 'https://r',
        scopeMetrics: [
          {
            scope: {
              name: 'lib',
              version: '1',
              attributes: ATTRIBUTES,
              droppedAttributesCount: 3,
            },
            schemaUrl: 'https://s',
            metrics,
          },
        ],
      },
    ],
  };
}

const COMMON = {
  ResourceAttributes: { 'service.name': 'shop' },
  ResourceSchemaUrl: 'https://r',
  ScopeName: 'lib',
  ScopeVersion: '1',
  ScopeAttributes: { zone: 'b' },
  ScopeDroppedAttrCount: 3,
  ScopeSchemaUrl: 'https://s',
  ServiceName: 'shop',
  MetricDescription: '',
  MetricUnit: '',
  Attributes: { zone: 'b' },
  StartTimeUnix: '1700000000.000000001',
  TimeUnix: '1700000001.000000002',
  Flags: 1,
};
const NO_EXEMPLARS = {
  'Exemplars.FilteredAttributes': [],
  'Exemplars.TimeUnix': [],
  'Exemplars.Value': [],
  'Exemplars.SpanId': [],
  'Exemplars.TraceId': [],
};
const ONE_EXEMPLAR = {
  'Exemplars.FilteredAttributes': [{ zone: 'b' }],
  'Exemplars.TimeUnix': ['1700000000.000000005'],
  'Exemplars.Value': [1.5],
  'Exemplars.SpanId': ['b7ad6b7169203331'],
  'Exemplars.TraceId': ['0af7651916cd43dd8448eb211c80319c'],
};

const ROWS = {
  otel_metrics_gauge: [
    { ...COMMON, MetricName: 'temp', MetricUnit: 'Cel', Value: 21.5, ...NO_EXEMPLARS },
  ],
  otel_metrics_sum: [
    {
      ...COMMON,
      MetricName: 'requests',
      MetricDescription: 'served',
      Value: -7,
      ...ONE_EXEMPLAR,
      AggregationTemporality: 2,
      IsMonotonic: true,
    },
  ],
  otel_metrics_histogram: [
    {
      ...COMMON,
      MetricName: 'latency',
      Count: '18446744073709551615',
      Sum: 12.5,
      BucketCounts: ['1', '2'],
      ExplicitBounds: [0.5],
      ...ONE_EXEMPLAR,
      Min: 0.25,
      Max: 9,
      AggregationTemporality: 1,
    },
  ],
  otel_metrics_exponential_histogram: [
    {
      ...COMMON,
      MetricName: 'sizes',
      Count: '6',
      Sum: 12.5,
      Scale: -3,
      ZeroCount: '1',
      PositiveOffset: -2,
      PositiveBucketCounts: ['2', '18446744073709551615'],
      NegativeOffset: 4,
      NegativeBucketCounts: ['1'],
      ...NO_EXEMPLARS,
      Min: 'nan',
      Max: 'nan',
      AggregationTemporality: 1,
    },
  ],
  otel_metrics_summary: [
    {
      ...COMMON,
      MetricName: 'old',
      Count: '3',
      Sum: 6,
      'ValueAtQuantiles.Quantile': [0.5, 1],
      'ValueAtQuantiles.Value': [2, 3],
    },
  ],
};

function accepted(result: MetricsResult) {
  if (!result.ok) throw new Error(result.fault.message);
  return result;
}

test('the five kinds become rows, from protobuf and from JSON alike', () => {
  const request = requestOf(METRICS);
  const fromProtobuf = accepted(decodeMetrics(toProtobuf('MetricsRequest', request)));
  expect(fromProtobuf).toMatchObject({ points: 5, rejected: { count: 0, message: '' } });
  expect(fromProtobuf.rows).toEqual(ROWS);
  expect(accepted(decodeMetricsJson(JSON.stringify(request))).rows).toEqual(ROWS);
});

test('packed and unpacked numbers may be mixed', () => {
  const point = new WireWriter();
  const packed = new Uint8Array(16);
  packed[0] = 1;
  packed[8] = 2;
  point.fixed64(6, 9n);
  point.bytes(6, packed);
  point.fixed64(6, 3n);
  for (const bound of [1, 2, 3]) point.double(7, bound);
  const rows = accepted(decodeMetrics(wrap(9, point))).rows.otel_metrics_histogram;
  expect(rows[0]).toMatchObject({ BucketCounts: ['9', '1', '2', '3'], ExplicitBounds: [1, 2, 3] });
});

/** A request with one metric of one point. */
function wrap(kind: number, point: WireWriter): Uint8Array {
  const data = new WireWriter();
  data.message(1, point);
  const metric = new WireWriter();
  metric.text(1, 'm');
  metric.message(kind, data);
  const scope = new WireWriter();
  scope.message(2, metric);
  const resource = new WireWriter();
  resource.message(2, scope);
  const request = new WireWriter();
  request.message(1, resource);
  return request.finish();
}

test('infinities and absent values survive', () => {
  const points = [{ ...TIMES, asDouble: 'Infinity' }, { ...TIMES, asDouble: '-Infinity' }, TIMES];
  const request = requestOf([{ name: 'x', gauge: { dataPoints: points } }]);
  const { rows } = accepted(decodeMetricsJson(JSON.stringify(request)));
  expect(rows.otel_metrics_gauge.map((row) => row.Value)).toEqual(['inf', '-inf', 'nan']);
});

describe('a fault of one point leaves the others', () => {
  test('buckets that do not fit their bounds', () => {
    const dataPoints = [HISTOGRAM, { ...HISTOGRAM, explicitBounds: [1, 2, 3] }];
    const request = requestOf([{ name: 'x', histogram: { dataPoints } }]);
    const result = accepted(decodeMetricsJson(JSON.stringify(request)));
    expect(result.rows.otel_metrics_histogram).toHaveLength(1);
    expect(result.rejected).toEqual({
      count: 1,
      message:
        'rejected 1 data point: 1 x its bucket counts are not one more than its bounds ' +
        '(first: data point 1)',
    });
  });

  test('a metric without a name', () => {
    const request = requestOf([{ gauge: { dataPoints: [TIMES, TIMES] } }, METRICS[0] as object]);
    const result = accepted(decodeMetricsJson(JSON.stringify(request)));
    expect(result.points).toBe(1);
    expect(result.rejected.message).toContain('2 x its metric has no name');
  });

  test('an attribute that is not UTF-8', () => {
    const point = new WireWriter();
    point.bytes(7, Uint8Array.of(0x0a, 1, 0xff));
    const result = accepted(decodeMetrics(wrap(5, point)));
    expect(result.rejected).toMatchObject({ count: 1 });
    expect(result.rejected.message).toContain('not UTF-8');
  });
});

test('a broken body is refused with the data point and byte', () => {
  const point = new WireWriter();
  point.raw(Uint8Array.of(0x19, 1));
  const result = decodeMetrics(wrap(5, point));
  expect(result.ok ? '' : result.fault.message).toMatch(
    /^malformed protobuf in data point 0 at byte \d+: a 8-byte number is cut off$/,
  );
  expect(decodeMetricsJson('{"resourceMetrics":5}')).toMatchObject({
    ok: false,
    fault: { message: 'malformed JSON: resourceMetrics must be an array, not a number' },
  });
});

test('20,000 mutated requests are taken or refused, never more', () => {
  const random = seeded(3);
  const bytes = toProtobuf('MetricsRequest', requestOf(METRICS));
  const outcomes = [0, 0];
  for (let run = 0; run < 20_000; run += 1) {
    const mutated = bytes.slice(
      0,
      random() < 0.1 ? Math.floor(random() * bytes.length) : undefined,
    );
    for (let change = 0; change < 3 && mutated.length > 0; change += 1) {
      mutated[Math.floor(random() * mutated.length)] = Math.floor(random() * 256);
    }
    outcomes[decodeMetrics(mutated).ok ? 0 : 1]! += 1;
  }
  expect(outcomes[0]).toBeGreaterThan(1000);
  expect(outcomes[1]).toBeGreaterThan(1000);
}, 60_000);

describe('a request that would unfold to more than memory holds is refused', () => {
  test('more items than one request may hold', () => {
    const bytes = toProtobuf('MetricsRequest', requestOf(METRICS));
    expect(decodeMetrics(bytes, 100).ok).toBe(true);
    expect(decodeMetrics(bytes, 5)).toMatchObject({ ok: false, fault: { tooLarge: true } });
  });

  test('a point that is too large, or has too many parts, is rejected alone', () => {
    const large = new WireWriter();
    large.bytes(7, new Uint8Array(1024 * 1024));
    const many = new WireWriter();
    for (let exemplar = 0; exemplar <= 100_000; exemplar += 1) many.bytes(5, new Uint8Array(0));
    for (const [point, cause] of [
      [large, 'is larger than 1048576 bytes'],
      [many, 'has more than 100000'],
    ] as const) {
      const { rows, rejected } = accepted(decodeMetrics(wrap(5, point)));
      expect(rows.otel_metrics_gauge).toEqual([]);
      expect(rejected).toMatchObject({ count: 1, message: expect.stringContaining(cause) });
    }
  });
});

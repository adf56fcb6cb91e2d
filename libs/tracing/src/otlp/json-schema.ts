/**
 * The OTLP messages as their JSON members: name, protobuf field number and type. From
 * opentelemetry-proto 1.9; members this library has no use for are skipped like unknown ones.
 */
export type Scalar =
  | 'string'
  | 'base64'
  | 'hex'
  | 'bool'
  | 'int32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'fixed32'
  | 'double';

export interface Member {
  number: number;
  type: Scalar | (() => Message);
  repeated: boolean;
}

export type Message = ReadonlyMap<string, Member>;

type Entry = [number: number, type: Scalar | (() => Message), repeated?: 'repeated'];

function message(members: Record<string, Entry>): Message {
  const map = new Map<string, Member>();
  for (const [name, [number, type, repeated]] of Object.entries(members)) {
    map.set(name, { number, type, repeated: repeated !== undefined });
  }
  return map;
}

const KEY_VALUE: Message = message({ key: [1, 'string'], value: [2, () => ANY_VALUE] });
const ARRAY_VALUE = message({ values: [1, () => ANY_VALUE, 'repeated'] });
const KVLIST_VALUE = message({ values: [1, () => KEY_VALUE, 'repeated'] });
const ANY_VALUE: Message = message({
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  arrayValue: [5, () => ARRAY_VALUE],
  kvlistValue: [6, () => KVLIST_VALUE],
  bytesValue: [7, 'base64'],
});

const RESOURCE = message({ attributes: [1, () => KEY_VALUE, 'repeated'] });
const SCOPE = message({
  name: [1, 'string'],
  version: [2, 'string'],
  attributes: [3, () => KEY_VALUE, 'repeated'],
  droppedAttributesCount: [4, 'int32'],
});

/** Request, resource and scope level are alike in the three signals. */
function request(signal: string, items: string, item: () => Message): Message {
  const scoped = message({
    scope: [1, () => SCOPE],
    [items]: [2, item, 'repeated'],
    schemaUrl: [3, 'string'],
  });
  const resourced = message({
    resource: [1, () => RESOURCE],
    [`scope${signal}`]: [2, () => scoped, 'repeated'],
    schemaUrl: [3, 'string'],
  });
  return message({ [`resource${signal}`]: [1, () => resourced, 'repeated'] });
}

const EVENT = message({
  timeUnixNano: [1, 'fixed64'],
  name: [2, 'string'],
  attributes: [3, () => KEY_VALUE, 'repeated'],
});
const LINK = message({
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  traceState: [3, 'string'],
  attributes: [4, () => KEY_VALUE, 'repeated'],
});
const STATUS = message({ message: [2, 'string'], code: [3, 'int32'] });
const SPAN = message({
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  traceState: [3, 'string'],
  parentSpanId: [4, 'hex'],
  name: [5, 'string'],
  kind: [6, 'int32'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: [9, () => KEY_VALUE, 'repeated'],
  events: [11, () => EVENT, 'repeated'],
  links: [13, () => LINK, 'repeated'],
  status: [15, () => STATUS],
  flags: [16, 'fixed32'],
});

/** ExportTraceServiceRequest. */
export const TRACE_REQUEST = request('Spans', 'spans', () => SPAN);

const EXEMPLAR = message({
  timeUnixNano: [2, 'fixed64'],
  asDouble: [3, 'double'],
  spanId: [4, 'hex'],
  traceId: [5, 'hex'],
  asInt: [6, 'fixed64'],
  filteredAttributes: [7, () => KEY_VALUE, 'repeated'],
});
const NUMBER_POINT = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  asDouble: [4, 'double'],
  exemplars: [5, () => EXEMPLAR, 'repeated'],
  asInt: [6, 'fixed64'],
  attributes: [7, () => KEY_VALUE, 'repeated'],
  flags: [8, 'int32'],
});
const HISTOGRAM_POINT = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64', 'repeated'],
  explicitBounds: [7, 'double', 'repeated'],
  exemplars: [8, () => EXEMPLAR, 'repeated'],
  attributes: [9, () => KEY_VALUE, 'repeated'],
  flags: [10, 'int32'],
  min: [11, 'double'],
  max: [12, 'double'],
});
const BUCKETS = message({ offset: [1, 'sint32'], bucketCounts: [2, 'uint64', 'repeated'] });
const EXPONENTIAL_POINT = message({
  attributes: [1, () => KEY_VALUE, 'repeated'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint32'],
  zeroCount: [7, 'fixed64'],
  positive: [8, () => BUCKETS],
  negative: [9, () => BUCKETS],
  flags: [10, 'int32'],
  exemplars: [11, () => EXEMPLAR, 'repeated'],
  min: [12, 'double'],
  max: [13, 'double'],
});
const QUANTILE = message({ quantile: [1, 'double'], value: [2, 'double'] });
const SUMMARY_POINT = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  quantileValues: [6, () => QUANTILE, 'repeated'],
  attributes: [7, () => KEY_VALUE, 'repeated'],
  flags: [8, 'int32'],
});

function points(point: () => Message, more: Record<string, Entry> = {}): Message {
  return message({ dataPoints: [1, point, 'repeated'], ...more });
}

const GAUGE = points(() => NUMBER_POINT);
const SUM = points(() => NUMBER_POINT, {
  aggregationTemporality: [2, 'int32'],
  isMonotonic: [3, 'bool'],
});
const HISTOGRAM = points(() => HISTOGRAM_POINT, { aggregationTemporality: [2, 'int32'] });
const EXPONENTIAL = points(() => EXPONENTIAL_POINT, { aggregationTemporality: [2, 'int32'] });
const SUMMARY = points(() => SUMMARY_POINT);
const METRIC = message({
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, () => GAUGE],
  sum: [7, () => SUM],
  histogram: [9, () => HISTOGRAM],
  exponentialHistogram: [10, () => EXPONENTIAL],
  summary: [11, () => SUMMARY],
});

/** ExportMetricsServiceRequest. */
export const METRICS_REQUEST = request('Metrics', 'metrics', () => METRIC);

const LOG_RECORD = message({
  timeUnixNano: [1, 'fixed64'],
  severityNumber: [2, 'int32'],
  severityText: [3, 'string'],
  body: [5, () => ANY_VALUE],
  attributes: [6, () => KEY_VALUE, 'repeated'],
  flags: [8, 'fixed32'],
  traceId: [9, 'hex'],
  spanId: [10, 'hex'],
  observedTimeUnixNano: [11, 'fixed64'],
  eventName: [12, 'string'],
});

/** ExportLogsServiceRequest. */
export const LOGS_REQUEST = request('Logs', 'logRecords', () => LOG_RECORD);

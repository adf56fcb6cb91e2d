import type { Plain } from './reference.fixture.ts';
import { isValidUtf8 as isUtf8, toText } from './world.fixture.ts';

/**
 * What must become of a request, worked out from `reference.fixture.ts` without a thought for
 * speed: the rows, and which items are rejected for what.
 */
export interface Expected {
  readonly rows: Record<string, unknown>[];
  /** Sentences of the partial success, sorted: `2 x span id is missing (first: span 3)`. */
  readonly causes: string[];
  /** The twin cannot tell: text in a place that is not checked before it is decoded. */
  readonly unsure: boolean;
}

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const STATUSES = ['Unset', 'Ok', 'Error'];

const listOf = (plain: Plain | undefined, name: string) =>
  ((plain?.[name] as Plain[] | undefined) ?? []) as readonly Plain[];
const partOf = (plain: Plain | undefined, name: string) => plain?.[name] as Plain | undefined;
const bytesOf = (plain: Plain | undefined, name: string) =>
  (plain?.[name] as Uint8Array | undefined) ?? new Uint8Array(0);
const bigOf = (plain: Plain, name: string) => BigInt.asUintN(64, (plain[name] as bigint) ?? 0n);
const numberOf = (plain: Plain | undefined, name: string, otherwise = 0) =>
  (plain?.[name] as number | undefined) ?? otherwise;

const textOf = (plain: Plain | undefined, name: string) => toText(bytesOf(plain, name), 'utf8');
const hexOf = (bytes: Uint8Array) => toText(bytes, 'hex');
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

/** Whether all text in the attributes `name` of a message is UTF-8. */
function attributesValid(plain: Plain | undefined, name = 'attributes'): boolean {
  return listOf(plain, name).every(
    (pair) => isUtf8(bytesOf(pair, 'key')) && valueValid(partOf(pair, 'value')),
  );
}

function valueValid(value: Plain | undefined): boolean {
  if (value?.value === 'stringValue') return isUtf8(bytesOf(value, 'stringValue'));
  if (value?.value === 'arrayValue') {
    return listOf(partOf(value, 'arrayValue'), 'values').every(valueValid);
  }
  if (value?.value !== 'kvlistValue') return true;
  return attributesValid(partOf(value, 'kvlistValue'), 'values');
}

function valueText(value: Plain | undefined): string {
  if (value === undefined) return '';
  switch (value.value) {
    case undefined:
      return '';
    case 'stringValue':
      return textOf(value, 'stringValue');
    case 'bytesValue':
      return toText(bytesOf(value, 'bytesValue'), 'base64');
    case 'arrayValue':
    case 'kvlistValue':
      return valueJson(value);
    default:
      return String(value[value.value as string]);
  }
}

function valueJson(value: Plain | undefined): string {
  if (value === undefined) return 'null';
  switch (value.value) {
    case undefined:
      return 'null';
    case 'stringValue':
    case 'bytesValue':
      return JSON.stringify(valueText(value));
    case 'arrayValue':
      return `[${listOf(partOf(value, 'arrayValue'), 'values').map(valueJson).join(',')}]`;
    case 'kvlistValue':
      return `{${mapOf(partOf(value, 'kvlistValue'), 'values', valueJson)
        .map(([key, json]) => `${JSON.stringify(key)}:${json}`)
        .join(',')}}`;
    default: {
      const number = value[value.value as string];
      const special = typeof number === 'number' && !Number.isFinite(number);
      return special ? JSON.stringify(String(number)) : String(number);
    }
  }
}

/** Sorted by key; of a repeated key the last counts. */
function mapOf(
  plain: Plain | undefined,
  name = 'attributes',
  text: (value: Plain | undefined) => string = valueText,
): [string, string][] {
  const pairs = listOf(plain, name).map((pair): [string, string] => [
    textOf(pair, 'key'),
    text(partOf(pair, 'value')),
  ]);
  return [...new Map(pairs)].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** As the readers give maps to be written: `__proto__` is a name like others. */
const attributesOf = (plain: Plain | undefined, name = 'attributes') =>
  Object.fromEntries(mapOf(plain, name));

const LAST_NS = 2n ** 63n - 1n;

function timeText(ns: bigint): string {
  const digits = String(ns > LAST_NS ? LAST_NS : ns).padStart(19, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

class Causes {
  readonly #causes = new Map<string, { count: number; first: number }>();

  add(cause: string, index: number, count = 1): void {
    const known = this.#causes.get(cause);
    if (known === undefined) this.#causes.set(cause, { count, first: index });
    else known.count += count;
  }

  sentences(item: string): string[] {
    return [...this.#causes]
      .map(([cause, { count, first }]) => `${count} x ${cause} (first: ${item} ${first})`)
      .sort();
  }
}

function idFault(name: string, length: number, expected: number): string {
  if (length === 0) return `${name} is missing`;
  if (length < 64) return `${name} has ${length} bytes instead of ${expected}`;
  return `${name} has more than 63 bytes instead of ${expected}`;
}

const NOT_UTF8 = 'it has a string that is not UTF-8';

function spanFault(span: Plain): string | undefined {
  const [trace, id, parent] = ['traceId', 'spanId', 'parentSpanId'].map((name) =>
    bytesOf(span, name),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  if (trace.length !== 16) return idFault('trace id', trace.length, 16);
  if (isZero(trace)) return 'trace id is all zeros';
  if (id.length !== 8) return idFault('span id', id.length, 8);
  if (isZero(id)) return 'span id is all zeros';
  if (parent.length !== 8 && parent.length !== 0) {
    return idFault('parent span id', parent.length, 8);
  }
  const valid =
    isUtf8(bytesOf(span, 'name')) &&
    isUtf8(bytesOf(span, 'traceState')) &&
    isUtf8(bytesOf(partOf(span, 'status'), 'message')) &&
    attributesValid(span) &&
    listOf(span, 'events').every((e) => isUtf8(bytesOf(e, 'name')) && attributesValid(e)) &&
    listOf(span, 'links').every((l) => isUtf8(bytesOf(l, 'traceState')) && attributesValid(l));
  return valid ? undefined : NOT_UTF8;
}

function resourceFault(resource: Plain | undefined): string | undefined {
  return attributesValid(resource) ? undefined : 'its resource has a string that is not UTF-8';
}

function scopeFault(scope: Plain | undefined): string | undefined {
  const valid =
    isUtf8(bytesOf(scope, 'name')) && isUtf8(bytesOf(scope, 'version')) && attributesValid(scope);
  return valid ? undefined : 'its scope has a string that is not UTF-8';
}

function serviceOf(resource: Plain | undefined): string {
  const named = listOf(resource, 'attributes').filter((p) => textOf(p, 'key') === 'service.name');
  const value = partOf(named.at(-1), 'value');
  const name = value?.value === 'stringValue' ? textOf(value, 'stringValue') : '';
  return name === '' ? 'unknown_service' : name;
}

export function expectedTraces(request: Plain): Expected {
  const causes = new Causes();
  const rows: Record<string, unknown>[] = [];
  let index = -1;
  for (const { resource, scopeSpans } of listOf(request, 'resourceSpans')) {
    const first = index + 1;
    const taken: Record<string, unknown>[] = [];
    for (const scoped of (scopeSpans as Plain[] | undefined) ?? []) {
      const scope = partOf(scoped, 'scope');
      const firstOfScope = index + 1;
      const good = listOf(scoped, 'spans').filter((span) => {
        index += 1;
        const fault = spanFault(span);
        if (fault !== undefined) causes.add(fault, index);
        return fault === undefined;
      });
      const fault = scopeFault(scope);
      if (fault === undefined) {
        taken.push(...good.map((span) => spanRow(span, resource as Plain | undefined, scope)));
      } else if (good.length > 0) causes.add(fault, firstOfScope, good.length);
    }
    const fault = resourceFault(resource as Plain | undefined);
    if (fault === undefined) rows.push(...taken);
    else if (taken.length > 0) causes.add(fault, first, taken.length);
  }
  return { rows, causes: causes.sentences('span'), unsure: false };
}

function spanRow(span: Plain, resource: Plain | undefined, scope: Plain | undefined) {
  const [start, end] = [bigOf(span, 'startTimeUnixNano'), bigOf(span, 'endTimeUnixNano')];
  const parent = bytesOf(span, 'parentSpanId');
  const status = partOf(span, 'status');
  const events = listOf(span, 'events');
  const links = listOf(span, 'links');
  return {
    Timestamp: timeText(start),
    TraceId: hexOf(bytesOf(span, 'traceId')),
    SpanId: hexOf(bytesOf(span, 'spanId')),
    ParentSpanId: isZero(parent) ? '' : hexOf(parent),
    TraceState: textOf(span, 'traceState'),
    SpanName: textOf(span, 'name'),
    SpanKind: KINDS[numberOf(span, 'kind')] ?? 'Unspecified',
    ServiceName: serviceOf(resource),
    ResourceAttributes: attributesOf(resource),
    ScopeName: textOf(scope, 'name'),
    ScopeVersion: textOf(scope, 'version'),
    SpanAttributes: attributesOf(span),
    Duration: String(end > start ? end - start : 0n),
    StatusCode: STATUSES[numberOf(status, 'code')] ?? 'Unset',
    StatusMessage: textOf(status, 'message'),
    'Events.Timestamp': events.map((event) => timeText(bigOf(event, 'timeUnixNano'))),
    'Events.Name': events.map((event) => textOf(event, 'name')),
    'Events.Attributes': events.map((event) => attributesOf(event)),
    'Links.TraceId': links.map((link) => hexOf(bytesOf(link, 'traceId'))),
    'Links.SpanId': links.map((link) => hexOf(bytesOf(link, 'spanId'))),
    'Links.TraceState': links.map((link) => textOf(link, 'traceState')),
    'Links.Attributes': links.map((link) => attributesOf(link)),
  };
}

/** One scope of one resource of a request for metrics or logs. */
interface Scoped {
  readonly about: Record<string, unknown>;
  readonly items: readonly Plain[];
  readonly fault: string | undefined;
  readonly unsure: boolean;
}

function scopesOf(request: Plain, signal: 'Metrics' | 'Logs', items: string): Scoped[] {
  return listOf(request, `resource${signal}`).flatMap((part) => {
    const resource = partOf(part, 'resource');
    return listOf(part, `scope${signal}`).map((scoped) => {
      const scope = partOf(scoped, 'scope');
      return {
        about: {
          ResourceAttributes: attributesOf(resource),
          ResourceSchemaUrl: textOf(part, 'schemaUrl'),
          ScopeName: textOf(scope, 'name'),
          ScopeVersion: textOf(scope, 'version'),
          ScopeAttributes: attributesOf(scope),
          ScopeDroppedAttrCount: numberOf(scope, 'droppedAttributesCount') >>> 0,
          ScopeSchemaUrl: textOf(scoped, 'schemaUrl'),
          ServiceName: attributesOf(resource)['service.name'] || 'unknown_service',
        },
        items: listOf(scoped, items),
        fault: resourceFault(resource) ?? scopeFault(scope),
        unsure: !isUtf8(bytesOf(part, 'schemaUrl')) || !isUtf8(bytesOf(scoped, 'schemaUrl')),
      };
    });
  });
}

const TABLES: Record<string, string> = {
  gauge: 'otel_metrics_gauge',
  sum: 'otel_metrics_sum',
  histogram: 'otel_metrics_histogram',
  exponentialHistogram: 'otel_metrics_exponential_histogram',
  summary: 'otel_metrics_summary',
};

/** Rows carry their table under `table`. */
export function expectedMetrics(request: Plain): Expected {
  const causes = new Causes();
  const rows: Record<string, unknown>[] = [];
  let index = -1;
  let unsure = false;
  for (const scoped of scopesOf(request, 'Metrics', 'metrics')) {
    unsure ||= scoped.unsure;
    for (const metric of scoped.items) {
      const kind = metric.data as string | undefined;
      if (kind === undefined) continue;
      const data = partOf(metric, kind);
      for (const point of listOf(data, 'dataPoints')) {
        index += 1;
        const cause = scoped.fault ?? metricFault(metric) ?? pointFault(kind, point);
        unsure ||= listOf(point, 'exemplars').some((e) => !attributesValid(e, FILTERED));
        if (cause !== undefined) causes.add(cause, index);
        else rows.push({ table: TABLES[kind], ...scoped.about, ...pointRow(metric, kind, point) });
      }
    }
  }
  return { rows, causes: causes.sentences('data point'), unsure };
}

const FILTERED = 'filteredAttributes';

function metricFault(metric: Plain): string | undefined {
  const names = ['name', 'description', 'unit'];
  if (!names.every((name) => isUtf8(bytesOf(metric, name)))) {
    return 'its metric has a string that is not UTF-8';
  }
  return bytesOf(metric, 'name').length === 0 ? 'its metric has no name' : undefined;
}

function pointFault(kind: string, point: Plain): string | undefined {
  if (!attributesValid(point)) return NOT_UTF8;
  const [counts, bounds] = [listOf(point, 'bucketCounts'), listOf(point, 'explicitBounds')];
  const fits = counts.length === bounds.length + 1 || counts.length + bounds.length === 0;
  if (kind !== 'histogram' || fits) return undefined;
  return 'its bucket counts are not one more than its bounds';
}

function float(value: number): unknown {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

function numberValue(point: Plain): unknown {
  return float(point.value === undefined ? Number.NaN : Number(point[point.value as string]));
}

function exemplarsOf(point: Plain) {
  const exemplars = listOf(point, 'exemplars');
  return {
    'Exemplars.FilteredAttributes': exemplars.map((one) => attributesOf(one, FILTERED)),
    'Exemplars.TimeUnix': exemplars.map((one) => timeText(bigOf(one, 'timeUnixNano'))),
    'Exemplars.Value': exemplars.map((one) => (one.value === undefined ? 0 : numberValue(one))),
    'Exemplars.SpanId': exemplars.map((one) => hexOf(bytesOf(one, 'spanId'))),
    'Exemplars.TraceId': exemplars.map((one) => hexOf(bytesOf(one, 'traceId'))),
  };
}

function bucketsOf(point: Plain, name: string) {
  const buckets = partOf(point, name);
  return {
    offset: numberOf(buckets, 'offset'),
    counts: ((buckets?.bucketCounts as bigint[] | undefined) ?? []).map(String),
  };
}

function pointRow(metric: Plain, kind: string, point: Plain): Record<string, unknown> {
  const data = partOf(metric, kind);
  const common = {
    MetricName: textOf(metric, 'name'),
    MetricDescription: textOf(metric, 'description'),
    MetricUnit: textOf(metric, 'unit'),
    Attributes: attributesOf(point),
    StartTimeUnix: timeText(bigOf(point, 'startTimeUnixNano')),
    TimeUnix: timeText(bigOf(point, 'timeUnixNano')),
    Flags: numberOf(point, 'flags') >>> 0,
  };
  const temporality = { AggregationTemporality: numberOf(data, 'aggregationTemporality') };
  const totals = { Count: String(bigOf(point, 'count')), Sum: float(numberOf(point, 'sum')) };
  const range = {
    Min: float(numberOf(point, 'min', Number.NaN)),
    Max: float(numberOf(point, 'max', Number.NaN)),
  };
  const [positive, negative] = [bucketsOf(point, 'positive'), bucketsOf(point, 'negative')];
  const quantiles = listOf(point, 'quantileValues');
  switch (kind) {
    case 'gauge':
      return { ...common, Value: numberValue(point), ...exemplarsOf(point) };
    case 'sum': {
      const sum = { ...temporality, IsMonotonic: data?.isMonotonic === true };
      return { ...common, Value: numberValue(point), ...exemplarsOf(point), ...sum };
    }
    case 'histogram':
      return {
        ...common,
        ...totals,
        ...range,
        ...temporality,
        BucketCounts: ((point.bucketCounts as bigint[] | undefined) ?? []).map((count) =>
          String(BigInt.asUintN(64, count)),
        ),
        ExplicitBounds: ((point.explicitBounds as number[] | undefined) ?? []).map(float),
        ...exemplarsOf(point),
      };
    case 'exponentialHistogram':
      return {
        ...common,
        ...totals,
        ...range,
        ...temporality,
        Scale: numberOf(point, 'scale'),
        ZeroCount: String(bigOf(point, 'zeroCount')),
        PositiveOffset: positive.offset,
        PositiveBucketCounts: positive.counts,
        NegativeOffset: negative.offset,
        NegativeBucketCounts: negative.counts,
        ...exemplarsOf(point),
      };
    default:
      return {
        ...common,
        ...totals,
        'ValueAtQuantiles.Quantile': quantiles.map((one) => float(numberOf(one, 'quantile'))),
        'ValueAtQuantiles.Value': quantiles.map((one) => float(numberOf(one, 'value'))),
      };
  }
}

export function expectedLogs(request: Plain): Expected {
  const causes = new Causes();
  const rows: Record<string, unknown>[] = [];
  let index = -1;
  let unsure = false;
  for (const scoped of scopesOf(request, 'Logs', 'logRecords')) {
    unsure ||= scoped.unsure;
    for (const record of scoped.items) {
      index += 1;
      const valid =
        isUtf8(bytesOf(record, 'severityText')) &&
        isUtf8(bytesOf(record, 'eventName')) &&
        attributesValid(record) &&
        valueValid(partOf(record, 'body'));
      const cause = scoped.fault ?? (valid ? undefined : NOT_UTF8);
      if (cause === undefined) rows.push(logRow(record, scoped.about));
      else causes.add(cause, index);
    }
  }
  return { rows, causes: causes.sentences('log record'), unsure };
}

function logRow(record: Plain, about: Record<string, unknown>) {
  const { ScopeDroppedAttrCount: _, ...origin } = about;
  const time = bigOf(record, 'timeUnixNano');
  const [trace, span] = [bytesOf(record, 'traceId'), bytesOf(record, 'spanId')];
  return {
    Timestamp: timeText(time === 0n ? bigOf(record, 'observedTimeUnixNano') : time),
    TraceId: trace.length === 16 ? hexOf(trace) : '',
    SpanId: span.length === 8 ? hexOf(span) : '',
    TraceFlags: numberOf(record, 'flags') & 0xff,
    SeverityText: textOf(record, 'severityText'),
    SeverityNumber: Math.min(255, Math.max(0, numberOf(record, 'severityNumber'))),
    Body: valueText(partOf(record, 'body')),
    ...origin,
    LogAttributes: attributesOf(record),
    EventName: textOf(record, 'eventName'),
  };
}

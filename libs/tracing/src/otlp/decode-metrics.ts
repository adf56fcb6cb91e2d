import { checkMessage, hasTooManyParts, type Shape, TOO_MANY_PARTS } from './check.ts';
import { type Origin, readEnvelope, type Scoped } from './envelope.ts';
import { ItemBudget, MAX_ITEMS, TooManyItems, tooManyFault } from './item-budget.ts';
import { explainNotHex, jsonToProtobuf } from './json.ts';
import { METRICS_REQUEST } from './json-schema.ts';
import {
  EXPONENTIAL_SHAPE,
  float,
  HISTOGRAM_SHAPE,
  NUMBER_SHAPE,
  type Point,
  type PointShape,
  readExemplars,
  readExponentialBuckets,
  readPoint,
  readQuantile,
  SUMMARY_SHAPE,
} from './metric-points.ts';
import { Pieces } from './pieces.ts';
import { faultOf, type OtlpFault, type Rejected, Rejections } from './rejections.ts';
import { timestampText } from './time.ts';
import { attributeMap, readBytes, readText } from './value.ts';
import { Malformed, WireReader } from './wire.ts';

/** The five metric tables. */
export const METRIC_TABLES = [
  'otel_metrics_gauge',
  'otel_metrics_sum',
  'otel_metrics_histogram',
  'otel_metrics_exponential_histogram',
  'otel_metrics_summary',
] as const;
export type MetricTable = (typeof METRIC_TABLES)[number];

/** A row for an insert as JSONEachRow: the names are the table's columns. */
export type MetricRow = Record<string, unknown>;
export type MetricRows = Record<MetricTable, MetricRow[]>;

export type MetricsResult =
  | { ok: true; rows: MetricRows; points: number; rejected: Rejected }
  | { ok: false; fault: OtlpFault };

/**
 * Decodes an ExportMetricsServiceRequest into rows. A data point that cannot be stored truthfully
 * is left out and counted; a body that is not the message it claims to be, or holds more than
 * `maxItems`, is refused as a whole.
 */
export function decodeMetrics(bytes: Uint8Array, maxItems = MAX_ITEMS): MetricsResult {
  const budget = new ItemBudget(maxItems);
  const decoder = new MetricsDecoder(budget);
  try {
    for (const scoped of readEnvelope(bytes, budget)) decoder.scope(scoped);
  } catch (error) {
    if (error instanceof TooManyItems) return { ok: false, fault: tooManyFault(error) };
    if (!(error instanceof Malformed)) throw error;
    const index = decoder.index < 0 ? undefined : decoder.index;
    return { ok: false, fault: faultOf(error, bytes, 'data point', index) };
  }
  const { rows, points, rejections } = decoder;
  return { ok: true, rows, points, rejected: rejections.result('data point') };
}

export function decodeMetricsJson(text: string): MetricsResult {
  const json = jsonToProtobuf(text, METRICS_REQUEST);
  if (!json.ok) return json;
  const result = decodeMetrics(json.bytes);
  if (!result.ok) return result;
  return { ...result, rejected: explainNotHex(result.rejected, json.notHex) };
}

interface Kind {
  table: MetricTable;
  shape: PointShape;
  /** Bits of the fields to check for UTF-8. */
  check: Shape;
  columns: (point: Point, data: Data) => MetricRow;
  /** Why the point cannot be stored, or undefined. */
  fault: (point: Point) => string | undefined;
}

/** What stands beside the points of a metric. */
interface Data {
  temporality: number;
  monotonic: boolean;
  points: Uint8Array[];
}

const NO_FAULT = (): undefined => undefined;

/** By field number in Metric. */
const KINDS: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [
    5,
    {
      table: 'otel_metrics_gauge',
      shape: NUMBER_SHAPE,
      check: { strings: 0, attributes: 1 << 7 },
      columns: numberColumns,
      fault: NO_FAULT,
    },
  ],
  [
    7,
    {
      table: 'otel_metrics_sum',
      shape: NUMBER_SHAPE,
      check: { strings: 0, attributes: 1 << 7 },
      columns: (point, data) => ({
        ...numberColumns(point),
        AggregationTemporality: data.temporality,
        IsMonotonic: data.monotonic,
      }),
      fault: NO_FAULT,
    },
  ],
  [
    9,
    {
      table: 'otel_metrics_histogram',
      shape: HISTOGRAM_SHAPE,
      check: { strings: 0, attributes: 1 << 9 },
      columns: histogramColumns,
      fault: histogramFault,
    },
  ],
  [
    10,
    {
      table: 'otel_metrics_exponential_histogram',
      shape: EXPONENTIAL_SHAPE,
      check: { strings: 0, attributes: 1 << 1 },
      columns: exponentialColumns,
      fault: NO_FAULT,
    },
  ],
  [
    11,
    {
      table: 'otel_metrics_summary',
      shape: SUMMARY_SHAPE,
      check: { strings: 0, attributes: 1 << 7 },
      columns: summaryColumns,
      fault: NO_FAULT,
    },
  ],
]);

const NAMES: Shape = { strings: (1 << 1) | (1 << 2) | (1 << 3), attributes: 0 };

class MetricsDecoder {
  readonly rejections = new Rejections();
  readonly rows: MetricRows = {
    otel_metrics_gauge: [],
    otel_metrics_sum: [],
    otel_metrics_histogram: [],
    otel_metrics_exponential_histogram: [],
    otel_metrics_summary: [],
  };
  points = 0;
  /** Position in the body of the point being read. */
  index = -1;
  readonly #budget: ItemBudget;

  constructor(budget: ItemBudget) {
    this.#budget = budget;
  }

  scope({ origin, items, fault }: Scoped): void {
    for (const item of items) this.#metric(item, origin, fault);
  }

  #metric(bytes: Uint8Array, origin: Origin, fault: string | undefined): void {
    const reader = new WireReader(bytes);
    const end = bytes.length;
    const names = { MetricName: '', MetricDescription: '', MetricUnit: '' };
    let kind: Kind | undefined;
    const data = new Pieces();
    while (reader.at < end) {
      const tag = reader.tag(end);
      const found = (tag & 7) === 2 ? KINDS.get(tag >>> 3) : undefined;
      if (tag === 0x0a) names.MetricName = readText(reader, end);
      else if (tag === 0x12) names.MetricDescription = readText(reader, end);
      else if (tag === 0x1a) names.MetricUnit = readText(reader, end);
      else if (found !== undefined) {
        // Of a oneof the last member counts; pieces of the same member are merged.
        if (kind !== found) data.clear();
        data.add(readBytes(reader, end));
        kind = found;
      } else reader.skip(tag, end);
    }
    if (kind === undefined) return;
    const cause = fault ?? this.#nameFault(bytes, names.MetricName);
    this.#points(readData(data.joined(), this.#budget), kind, { ...origin, ...names }, cause);
  }

  #nameFault(bytes: Uint8Array, name: string): string | undefined {
    if (!checkMessage(new WireReader(bytes), bytes.length, NAMES)) {
      return 'its metric has a string that is not UTF-8';
    }
    return name === '' ? 'its metric has no name' : undefined;
  }

  #points(data: Data, kind: Kind, about: MetricRow, cause: string | undefined): void {
    for (const bytes of data.points) {
      this.index += 1;
      const unread = cause ?? pointFault(bytes, kind);
      if (unread !== undefined) {
        this.rejections.add(unread, this.index);
        continue;
      }
      const point = readPoint(bytes, kind.shape);
      const fault = kind.fault(point);
      if (fault !== undefined) {
        this.rejections.add(fault, this.index);
        continue;
      }
      this.points += 1;
      this.rows[kind.table].push({
        ...about,
        Attributes: attributeMap(point.attributes),
        StartTimeUnix: timestampText(point.start),
        TimeUnix: timestampText(point.time),
        Flags: point.flags,
        ...kind.columns(point, data),
      });
    }
  }
}

/** Far above any histogram with exemplars; a larger one would unfold to a hundred times that. */
const MAX_POINT_BYTES = 1024 * 1024;

/** Why a point cannot be taken, as far as can be told before it is decoded. */
function pointFault(bytes: Uint8Array, kind: Kind): string | undefined {
  if (bytes.length > MAX_POINT_BYTES) return `it is larger than ${MAX_POINT_BYTES} bytes`;
  const reader = new WireReader(bytes);
  const valid = checkMessage(reader, bytes.length, kind.check);
  if (hasTooManyParts(reader)) return TOO_MANY_PARTS;
  return valid ? undefined : 'it has a string that is not UTF-8';
}

function readData(bytes: Uint8Array, budget: ItemBudget): Data {
  const reader = new WireReader(bytes);
  const data: Data = { temporality: 0, monotonic: false, points: [] };
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === 0x0a) {
      budget.take();
      data.points.push(readBytes(reader, bytes.length));
    } else if (tag === 0x10) data.temporality = reader.varint32(bytes.length);
    else if (tag === 0x18) data.monotonic = reader.varint64(bytes.length) !== 0n;
    else reader.skip(tag, bytes.length);
  }
  return data;
}

function numberColumns(point: Point): MetricRow {
  return { Value: float(point.value), ...readExemplars(point.exemplars) };
}

function histogramColumns(point: Point, data: Data): MetricRow {
  return {
    Count: point.count.toString(),
    Sum: float(point.sum),
    BucketCounts: point.bucketCounts.map(String),
    ExplicitBounds: point.explicitBounds.map(float),
    ...readExemplars(point.exemplars),
    Min: float(point.min),
    Max: float(point.max),
    AggregationTemporality: data.temporality,
  };
}

/** Buckets that do not fit their bounds would be read as other buckets. */
function histogramFault(point: Point): string | undefined {
  const { bucketCounts, explicitBounds } = point;
  if (bucketCounts.length === 0 && explicitBounds.length === 0) return undefined;
  if (bucketCounts.length === explicitBounds.length + 1) return undefined;
  return 'its bucket counts are not one more than its bounds';
}

function exponentialColumns(point: Point, data: Data): MetricRow {
  const positive = readExponentialBuckets(point.positive.joined());
  const negative = readExponentialBuckets(point.negative.joined());
  return {
    Count: point.count.toString(),
    Sum: float(point.sum),
    Scale: point.scale,
    ZeroCount: point.zeroCount.toString(),
    PositiveOffset: positive.offset,
    PositiveBucketCounts: positive.counts,
    NegativeOffset: negative.offset,
    NegativeBucketCounts: negative.counts,
    ...readExemplars(point.exemplars),
    Min: float(point.min),
    Max: float(point.max),
    AggregationTemporality: data.temporality,
  };
}

function summaryColumns(point: Point): MetricRow {
  const quantiles = point.quantiles.map(readQuantile);
  return {
    Count: point.count.toString(),
    Sum: float(point.sum),
    'ValueAtQuantiles.Quantile': quantiles.map(({ quantile }) => float(quantile)),
    'ValueAtQuantiles.Value': quantiles.map(({ value }) => float(value)),
  };
}

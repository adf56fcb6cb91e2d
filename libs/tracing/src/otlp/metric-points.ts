import { Pieces } from './pieces.ts';
import { timestampText } from './time.ts';
import {
  type AttributeMap,
  attributeMap,
  hexText,
  type KeyValue,
  readBytes,
  readKeyValue,
} from './value.ts';
import { WIRE_BYTES, WireReader } from './wire.ts';

/** A Float64 in JSON, which has no other way to say the three. */
export type Float = number | 'nan' | 'inf' | '-inf';

/**
 * The fields of the four data point messages under common names. The field numbers differ from
 * message to message: `PointShape` maps them.
 */
export interface Point {
  attributes: KeyValue[];
  start: bigint;
  time: bigint;
  flags: number;
  exemplars: Uint8Array[];
  value: number;
  count: bigint;
  sum: number;
  min: number;
  max: number;
  bucketCounts: bigint[];
  explicitBounds: number[];
  scale: number;
  zeroCount: bigint;
  positive: Pieces;
  negative: Pieces;
  quantiles: Uint8Array[];
}

type PointField = keyof Point | 'double' | 'int';

/** Field number to name; opentelemetry/proto/metrics/v1/metrics.proto. */
export type PointShape = ReadonlyMap<number, PointField>;

const COMMON: [number, PointField][] = [
  [2, 'start'],
  [3, 'time'],
];

export const NUMBER_SHAPE: PointShape = new Map<number, PointField>([
  ...COMMON,
  [4, 'double'],
  [5, 'exemplars'],
  [6, 'int'],
  [7, 'attributes'],
  [8, 'flags'],
]);

export const HISTOGRAM_SHAPE: PointShape = new Map<number, PointField>([
  ...COMMON,
  [4, 'count'],
  [5, 'sum'],
  [6, 'bucketCounts'],
  [7, 'explicitBounds'],
  [8, 'exemplars'],
  [9, 'attributes'],
  [10, 'flags'],
  [11, 'min'],
  [12, 'max'],
]);

export const EXPONENTIAL_SHAPE: PointShape = new Map<number, PointField>([
  ...COMMON,
  [1, 'attributes'],
  [4, 'count'],
  [5, 'sum'],
  [6, 'scale'],
  [7, 'zeroCount'],
  [8, 'positive'],
  [9, 'negative'],
  [10, 'flags'],
  [11, 'exemplars'],
  [12, 'min'],
  [13, 'max'],
]);

export const SUMMARY_SHAPE: PointShape = new Map<number, PointField>([
  ...COMMON,
  [4, 'count'],
  [5, 'sum'],
  [6, 'quantiles'],
  [7, 'attributes'],
  [8, 'flags'],
]);

export function readPoint(bytes: Uint8Array, shape: PointShape): Point {
  const reader = new WireReader(bytes);
  const point: Point = {
    attributes: [],
    start: 0n,
    time: 0n,
    flags: 0,
    exemplars: [],
    value: Number.NaN,
    count: 0n,
    sum: 0,
    min: Number.NaN,
    max: Number.NaN,
    bucketCounts: [],
    explicitBounds: [],
    scale: 0,
    zeroCount: 0n,
    positive: new Pieces(),
    negative: new Pieces(),
    quantiles: [],
  };
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    const field = shape.get(tag >>> 3);
    if (field === undefined || !readField(reader, tag & 7, field, point)) {
      reader.skip(tag, bytes.length);
    }
  }
  return point;
}

/** False when the wire type is not that of the field: then it is an unknown field. */
function readField(reader: WireReader, wire: number, field: PointField, point: Point): boolean {
  switch (wire) {
    case 0:
      return readVarint(reader, field, point);
    case 1:
      return readFixed(reader, field, point);
    case WIRE_BYTES:
      return readLengthDelimited(reader, field, point);
    default:
      return false;
  }
}

function readVarint(reader: WireReader, field: PointField, point: Point): boolean {
  const end = reader.bytes.length;
  if (field === 'flags') point.flags = reader.varint32(end) >>> 0;
  else if (field === 'scale') point.scale = unzigzag(reader.varint32(end));
  else return false;
  return true;
}

function readFixed(reader: WireReader, field: PointField, point: Point): boolean {
  const { view } = reader;
  switch (field) {
    case 'start':
    case 'time':
    case 'count':
    case 'zeroCount':
      point[field] = view.getBigUint64(fixed(reader), true);
      return true;
    case 'sum':
    case 'min':
    case 'max':
      point[field] = view.getFloat64(fixed(reader), true);
      return true;
    case 'double':
      point.value = view.getFloat64(fixed(reader), true);
      return true;
    case 'int':
      point.value = Number(view.getBigInt64(fixed(reader), true));
      return true;
    case 'bucketCounts':
      point.bucketCounts.push(view.getBigUint64(fixed(reader), true));
      return true;
    case 'explicitBounds':
      point.explicitBounds.push(view.getFloat64(fixed(reader), true));
      return true;
    default:
      return false;
  }
}

function fixed(reader: WireReader): number {
  return reader.fixed(8, reader.bytes.length);
}

function readLengthDelimited(reader: WireReader, field: PointField, point: Point): boolean {
  const end = reader.bytes.length;
  switch (field) {
    case 'attributes':
      point.attributes.push(readKeyValue(reader, end));
      return true;
    case 'exemplars':
    case 'quantiles':
      point[field].push(readBytes(reader, end));
      return true;
    case 'positive':
    case 'negative':
      point[field].add(readBytes(reader, end));
      return true;
    case 'bucketCounts':
    case 'explicitBounds': {
      const length = reader.length(end);
      const stop = reader.at + length;
      while (reader.at < stop) {
        const at = reader.fixed(8, stop);
        if (field === 'bucketCounts') point[field].push(reader.view.getBigUint64(at, true));
        else point[field].push(reader.view.getFloat64(at, true));
      }
      return true;
    }
    default:
      return false;
  }
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

export interface ExponentialBuckets {
  offset: number;
  counts: string[];
}

export function readExponentialBuckets(bytes: Uint8Array): ExponentialBuckets {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  const buckets: ExponentialBuckets = { offset: 0, counts: [] };
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === 0x08) buckets.offset = unzigzag(reader.varint32(end));
    else if (tag === 0x10) buckets.counts.push(reader.varint64(end).toString());
    else if (tag === 0x12) {
      const length = reader.length(end);
      const stop = reader.at + length;
      while (reader.at < stop) buckets.counts.push(reader.varint64(stop).toString());
    } else reader.skip(tag, end);
  }
  return buckets;
}

export function readQuantile(bytes: Uint8Array): { quantile: number; value: number } {
  const reader = new WireReader(bytes);
  const result = { quantile: 0, value: 0 };
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === 0x09) result.quantile = reader.view.getFloat64(fixed(reader), true);
    else if (tag === 0x11) result.value = reader.view.getFloat64(fixed(reader), true);
    else reader.skip(tag, bytes.length);
  }
  return result;
}

/** The nested columns `Exemplars.*`. */
export interface ExemplarColumns {
  'Exemplars.FilteredAttributes': AttributeMap[];
  'Exemplars.TimeUnix': string[];
  'Exemplars.Value': Float[];
  'Exemplars.SpanId': string[];
  'Exemplars.TraceId': string[];
}

export function readExemplars(slices: readonly Uint8Array[]): ExemplarColumns {
  const exemplars = slices.map(readExemplar);
  return {
    'Exemplars.FilteredAttributes': exemplars.map(({ pairs }) => attributeMap(pairs)),
    'Exemplars.TimeUnix': exemplars.map(({ time }) => timestampText(time)),
    'Exemplars.Value': exemplars.map(({ value }) => float(value)),
    'Exemplars.SpanId': exemplars.map(({ spanId }) => spanId),
    'Exemplars.TraceId': exemplars.map(({ traceId }) => traceId),
  };
}

interface Exemplar {
  pairs: KeyValue[];
  time: bigint;
  value: number;
  spanId: string;
  traceId: string;
}

function readExemplar(bytes: Uint8Array): Exemplar {
  const reader = new WireReader(bytes);
  const { view } = reader;
  const end = bytes.length;
  const exemplar: Exemplar = { pairs: [], time: 0n, value: 0, spanId: '', traceId: '' };
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === 0x11) exemplar.time = view.getBigUint64(fixed(reader), true);
    else if (tag === 0x19) exemplar.value = view.getFloat64(fixed(reader), true);
    else if (tag === 0x31) exemplar.value = Number(view.getBigInt64(fixed(reader), true));
    else if (tag === 0x22) exemplar.spanId = hexText(readBytes(reader, end));
    else if (tag === 0x2a) exemplar.traceId = hexText(readBytes(reader, end));
    else if (tag === 0x3a) exemplar.pairs.push(readKeyValue(reader, end));
    else reader.skip(tag, end);
  }
  return exemplar;
}

export function float(value: number): Float {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

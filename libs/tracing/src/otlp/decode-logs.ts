import { checkMessage, checkValue, hasTooManyParts, type Shape, TOO_MANY_PARTS } from './check.ts';
import { type Origin, readEnvelope } from './envelope.ts';
import { ItemBudget, MAX_ITEMS, TooManyItems, tooManyFault } from './item-budget.ts';
import { explainNotHex, jsonToProtobuf } from './json.ts';
import { LOGS_REQUEST } from './json-schema.ts';
import { Pieces } from './pieces.ts';
import { faultOf, type OtlpFault, type Rejected, Rejections } from './rejections.ts';
import { timestampText } from './time.ts';
import {
  attributeMap,
  hexText,
  type KeyValue,
  readBytes,
  readKeyValue,
  readText,
  valueText,
} from './value.ts';
import { Malformed, WireReader } from './wire.ts';

/** A row of otel_logs for an insert as JSONEachRow: the names are the table's columns. */
export type LogRow = Record<string, unknown>;

export type LogsResult =
  | { ok: true; rows: LogRow[]; rejected: Rejected }
  | { ok: false; fault: OtlpFault };

/**
 * Decodes an ExportLogsServiceRequest into rows. A record without a time of its own gets the time
 * it was observed. Ids of a wrong length are left out: a log without a trace is still a log. More
 * than `maxItems` are refused as a whole.
 */
export function decodeLogs(bytes: Uint8Array, maxItems = MAX_ITEMS): LogsResult {
  const rejections = new Rejections();
  const rows: LogRow[] = [];
  let index = -1;
  try {
    for (const { origin, items, fault } of readEnvelope(bytes, new ItemBudget(maxItems))) {
      for (const item of items) {
        index += 1;
        const cause = fault ?? recordFault(item);
        if (cause === undefined) rows.push(logRow(item, origin));
        else rejections.add(cause, index);
      }
    }
  } catch (error) {
    if (error instanceof TooManyItems) return { ok: false, fault: tooManyFault(error) };
    if (!(error instanceof Malformed)) throw error;
    const place = index < 0 ? undefined : index;
    return { ok: false, fault: faultOf(error, bytes, 'log record', place) };
  }
  return { ok: true, rows, rejected: rejections.result('log record') };
}

export function decodeLogsJson(text: string): LogsResult {
  const json = jsonToProtobuf(text, LOGS_REQUEST);
  if (!json.ok) return json;
  const result = decodeLogs(json.bytes);
  if (!result.ok) return result;
  return { ...result, rejected: explainNotHex(result.rejected, json.notHex) };
}

const TEXTS: Shape = { strings: (1 << 3) | (1 << 12), attributes: 1 << 6 };
const BODY = 0x2a;

function recordFault(bytes: Uint8Array): string | undefined {
  const reader = new WireReader(bytes);
  let valid = checkMessage(reader, bytes.length, TEXTS);
  reader.at = 0;
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === BODY) valid = checkValue(reader, bytes.length, 1) && valid;
    else reader.skip(tag, bytes.length);
  }
  if (hasTooManyParts(reader)) return TOO_MANY_PARTS;
  return valid ? undefined : 'it has a string that is not UTF-8';
}

interface LogFields {
  time: bigint;
  observed: bigint;
  severityNumber: number;
  severityText: string;
  body: Pieces;
  attributes: KeyValue[];
  flags: number;
  traceId: Uint8Array;
  spanId: Uint8Array;
  eventName: string;
}

function logRow(bytes: Uint8Array, origin: Origin): LogRow {
  const fields = readFields(bytes);
  const { ScopeDroppedAttrCount: _, ...about } = origin;
  return {
    Timestamp: timestampText(fields.time === 0n ? fields.observed : fields.time),
    TraceId: fields.traceId.length === 16 ? hexText(fields.traceId) : '',
    SpanId: fields.spanId.length === 8 ? hexText(fields.spanId) : '',
    TraceFlags: fields.flags & 0xff,
    SeverityText: fields.severityText,
    SeverityNumber: Math.min(255, Math.max(0, fields.severityNumber)),
    Body: valueText(fields.body.joined()),
    ...about,
    LogAttributes: attributeMap(fields.attributes),
    EventName: fields.eventName,
  };
}

function readFields(bytes: Uint8Array): LogFields {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  const fields: LogFields = {
    time: 0n,
    observed: 0n,
    severityNumber: 0,
    severityText: '',
    body: new Pieces(),
    attributes: [],
    flags: 0,
    traceId: new Uint8Array(0),
    spanId: new Uint8Array(0),
    eventName: '',
  };
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === 0x09) fields.time = reader.view.getBigUint64(reader.fixed(8, end), true);
    else if (tag === 0x59) fields.observed = reader.view.getBigUint64(reader.fixed(8, end), true);
    else if (tag === 0x10) fields.severityNumber = reader.varint32(end);
    else if (tag === 0x1a) fields.severityText = readText(reader, end);
    else if (tag === BODY) fields.body.add(readBytes(reader, end));
    else if (tag === 0x32) fields.attributes.push(readKeyValue(reader, end));
    else if (tag === 0x45) fields.flags = reader.view.getUint32(reader.fixed(4, end), true);
    else if (tag === 0x4a) fields.traceId = readBytes(reader, end);
    else if (tag === 0x52) fields.spanId = readBytes(reader, end);
    else if (tag === 0x62) fields.eventName = readText(reader, end);
    else reader.skip(tag, end);
  }
  return fields;
}

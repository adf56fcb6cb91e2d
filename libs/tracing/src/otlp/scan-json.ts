import type { Interner } from './interner.ts';
import { explainNotHex, jsonToProtobuf } from './json.ts';
import { TRACE_REQUEST } from './json-schema.ts';
import { type ScanResult, scan } from './scan.ts';
import { SpanTable } from './span-table.ts';

/** `scan` of an ExportTraceServiceRequest in OTLP/JSON. The bytes kept are its protobuf form. */
export function scanJson(
  text: string,
  strings: Interner,
  table: SpanTable = new SpanTable(),
): ScanResult {
  const json = jsonToProtobuf(text, TRACE_REQUEST);
  if (!json.ok) {
    table.clear();
    return json;
  }
  const result = scan(json.bytes, strings, table);
  if (!result.ok) return result;
  return { ...result, rejected: explainNotHex(result.rejected, json.notHex) };
}

export { formatTraceParent, parseTraceParent, type TraceParent } from './context/trace-parent.ts';
export {
  formatThreshold,
  probabilityOf,
  readSampling,
  type SamplingState,
  thresholdOf,
  writeThreshold,
} from './context/trace-state.ts';
export { EdgeAggregator, type EdgeLimits, type EdgeRow } from './graph/edges.ts';
export {
  ErrorOriginAggregator,
  type ErrorOriginLimits,
  type ErrorOriginRow,
  errorOrigin,
} from './graph/error-origin.ts';
export type { EdgeType } from './graph/peer.ts';
export { decodeSpan, SAMPLE_RATE_ATTRIBUTE, type TraceRow } from './otlp/decode-span.ts';
export { Interner, type InternerLimits, OVERFLOW_TEXT } from './otlp/interner.ts';
export type { OtlpFault, Rejected } from './otlp/rejections.ts';
export { type ScanResult, scan } from './otlp/scan.ts';
export { SPAN_KINDS, SpanTable, STATUS_CODES } from './otlp/span-table.ts';
export type { AttributeMap } from './otlp/value.ts';
export type { Buckets, CountColumns } from './red/counts.ts';
export { bucketIndex, bucketLowerNs, quantileOfBuckets } from './red/histogram.ts';
export { RedAggregator, type RedLimits, type RedRow } from './red/red.ts';
export { decide } from './sampling/decide.ts';
export type { Decision, DecisionReason } from './sampling/decision.ts';
export { SamplingLedger, type SamplingRow } from './sampling/ledger.ts';
export { type Condition, DEFAULT_RULES, type Rule, type SamplingRules } from './sampling/rules.ts';
export { type FieldError, validateRules } from './sampling/validate.ts';
export { type Trigger, WINDOW_DEFAULTS, type WindowConfig } from './window/config.ts';
export type { TraceView } from './window/trace-view.ts';
export { type AddResult, TraceWindow, type WindowStats } from './window/window.ts';

import type { Interner } from './otlp/interner.ts';
import type { OtlpFault, Rejected } from './otlp/rejections.ts';
import type { ScanResult } from './otlp/scan.ts';
import type { SpanTable } from './otlp/span-table.ts';

// Not built yet: the signatures stand.

export declare function scanJson(text: string, strings: Interner, table?: SpanTable): ScanResult;

/** Rows of the five metric tables, keyed by table name; each row ready for JSONEachRow. */
export type MetricTable =
  | 'otel_metrics_gauge'
  | 'otel_metrics_sum'
  | 'otel_metrics_histogram'
  | 'otel_metrics_exponential_histogram'
  | 'otel_metrics_summary';
export type MetricRows = Record<MetricTable, Record<string, unknown>[]>;
export type MetricsResult =
  | { ok: true; rows: MetricRows; points: number; rejected: Rejected }
  | { ok: false; fault: OtlpFault };
export declare function decodeMetrics(bytes: Uint8Array): MetricsResult;
export declare function decodeMetricsJson(text: string): MetricsResult;

/** Rows of otel_logs. */
export type LogsResult =
  | { ok: true; rows: Record<string, unknown>[]; rejected: Rejected }
  | { ok: false; fault: OtlpFault };
export declare function decodeLogs(bytes: Uint8Array): LogsResult;
export declare function decodeLogsJson(text: string): LogsResult;

export type Signal = 'traces' | 'metrics' | 'logs';
/** Export…ServiceResponse; partial_success is unset when nothing was rejected and no warning given. */
export declare function encodeExportResponse(rejected?: Rejected): Uint8Array;
/** The same as OTLP/JSON text. */
export declare function exportResponseJson(signal: Signal, rejected?: Rejected): string;

/** google.rpc.Status; code is a gRPC code (3 INVALID_ARGUMENT, 8 RESOURCE_EXHAUSTED, 14 UNAVAILABLE). */
export interface RpcStatus {
  code: number;
  message: string;
  /** Adds google.rpc.RetryInfo. */
  retryDelayMs?: number;
}
export declare function encodeStatus(status: RpcStatus): Uint8Array;
export declare function statusJson(status: RpcStatus): string;

export { SPAN_KINDS, SpanTable, STATUS_CODES } from './otlp/span-table.ts';

// The signatures the collector codes against. They become re-exports as the rooms are built.

/** Strings interned from bytes to small integers; bounded, id 1 is `__overflow__`. */
export declare class Interner {
  constructor(limits?: { maxEntries?: number; maxBytes?: number });
  /** The text of an id. */
  text(id: number): string;
  readonly size: number;
  /** Strings refused because the table is full. */
  readonly overflows: number;
}

/** What is wrong with a body: refused as a whole (HTTP 400, gRPC INVALID_ARGUMENT). */
export interface OtlpFault {
  /** Position among all spans / data points / log records of the body; undefined: not inside one. */
  index: number | undefined;
  /** Byte offset in the protobuf body, or undefined for JSON. */
  offset: number | undefined;
  /** One sentence for the sender, naming item, place and cause. */
  message: string;
}

/** Items left out of an accepted body: partial success. */
export interface Rejected {
  count: number;
  /** '' when count is 0; names causes and how many of each. */
  message: string;
}

export type ScanResult =
  | { ok: true; table: SpanTable; rejected: Rejected }
  | { ok: false; fault: OtlpFault };

import type { SpanTable } from './otlp/span-table.ts';

/** Walks an ExportTraceServiceRequest. `table` is cleared and filled (a new one when left out). */
export declare function scan(bytes: Uint8Array, strings: Interner, table?: SpanTable): ScanResult;
/** The same from OTLP/JSON text (the app decodes UTF-8 first, fatally). */
export declare function scanJson(text: string, strings: Interner, table?: SpanTable): ScanResult;

/** A row of otel_traces, ready for JSONEachRow: names are the table's columns. */
export interface TraceRow {
  /** `seconds.nanoseconds`, nine decimals. */
  Timestamp: string;
  TraceId: string;
  SpanId: string;
  ParentSpanId: string;
  TraceState: string;
  SpanName: string;
  SpanKind: string;
  ServiceName: string;
  ResourceAttributes: Record<string, string>;
  ScopeName: string;
  ScopeVersion: string;
  SpanAttributes: Record<string, string>;
  /** Nanoseconds, decimal text (UInt64). */
  Duration: string;
  StatusCode: string;
  StatusMessage: string;
  'Events.Timestamp': string[];
  'Events.Name': string[];
  'Events.Attributes': Record<string, string>[];
  'Links.TraceId': string[];
  'Links.SpanId': string[];
  'Links.TraceState': string[];
  'Links.Attributes': Record<string, string>[];
}

/** Decodes one span fully. With a decision, tracestate gets `ot=th` and attributes `SampleRate`. */
export declare function decodeSpan(
  table: SpanTable,
  span: number,
  strings: Interner,
  decision?: Decision,
): TraceRow;

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

// ---- window ------------------------------------------------------------------------------------

export interface WindowConfig {
  /** Wait after the root was received. */
  rootDelayMs: number;
  /** Wait for a trace whose root never comes, from its first span. */
  timeoutMs: number;
  maxTraces: number;
  maxSpans: number;
  /** Bytes of request bodies held plus the window's own rows. */
  maxBytes: number;
  maxSpansPerTrace: number;
  maxBytesPerTrace: number;
  /** Ids of kept traces remembered for late spans. */
  keptMemory: number;
  /** Ids of dropped traces remembered (4 bytes each). */
  droppedMemory: number;
}
export declare const WINDOW_DEFAULTS: WindowConfig;

export type Trigger =
  | 'root'
  | 'timeout'
  | 'span_limit'
  | 'byte_limit'
  | 'evicted'
  | 'shutdown'
  | 'late';

/** One trace that is due. Valid until it is settled. Its spans are rows 0 … count-1 of `spans`. */
export interface TraceView {
  readonly spans: SpanTable;
  readonly trigger: Trigger;
  readonly traceId: string;
  /** Row of the root span (no parent id; earliest start, then longest, then smaller id), or -1. */
  readonly root: number;
  readonly firstSeenMs: number;
  /** Bytes of its spans. */
  readonly bytes: number;
  /** Set when `trigger` is 'late': the decision made before; the spans follow it. */
  readonly earlier: Decision | undefined;
}

export interface AddResult {
  added: number;
  duplicates: number;
  /** Late spans of dropped traces: left out, as decided. */
  lateDropped: number;
  /** Late spans of kept traces: they come out of `due` with trigger 'late'. */
  lateKept: number;
}

export interface WindowStats {
  traces: number;
  spans: number;
  bodies: number;
  bytes: number;
  /** Age of the oldest waiting trace. */
  oldestMs: number;
}

export declare class TraceWindow {
  constructor(config: WindowConfig);
  /** Takes over the table's spans (the table may be reused at once; the body is kept by reference). */
  add(table: SpanTable, nowMs: number): AddResult;
  /**
   * The next trace that must be decided, or undefined. Call `settle` before the next `due`.
   * Loop: `while ((trace = window.due(now)) !== undefined) { …; window.settle(decision); }`
   */
  due(nowMs: number): TraceView | undefined;
  /** Frees the trace last handed out and remembers its decision for late spans. */
  settle(decision: Decision): void;
  /** From now on every waiting trace is due, with trigger 'shutdown'. */
  shutdown(): void;
  /** New limits and delays; nothing waiting is lost. */
  configure(config: WindowConfig): void;
  /** When `due` will next have something, or undefined when nothing waits. Epoch ms. */
  nextDueMs(): number | undefined;
  stats(nowMs: number): WindowStats;
}

// ---- sampling ----------------------------------------------------------------------------------

export type Condition =
  | { kind: 'error' }
  | { kind: 'latency'; aboveMs: number }
  | { kind: 'service'; anyOf: string[] }
  | { kind: 'operation'; anyOf: string[] }
  | { kind: 'attribute'; key: string; anyOf?: string[] }
  | { kind: 'span_count'; atLeast: number }
  | { kind: 'all'; of: Condition[] }
  | { kind: 'any'; of: Condition[] }
  | { kind: 'not'; of: Condition };

export interface Rule {
  name: string;
  /** Left out: always matches. */
  when?: Condition;
  /** 0 … 1. 1 keeps all, 0 drops all. */
  probability: number;
}

/** First match wins; when none matches the trace is dropped with reason 'no_match'. */
export interface SamplingRules {
  rules: Rule[];
}
/** Errors, over 1 s, 1 % of the rest. */
export declare const DEFAULT_RULES: SamplingRules;

export interface FieldError {
  /** e.g. `rules[2].probability` */
  field: string;
  message: string;
}
/** Checks plain data (parsed YAML). */
export declare function validateRules(
  input: unknown,
): { ok: true; rules: SamplingRules } | { ok: false; errors: FieldError[] };

export type DecisionReason =
  | 'error'
  | 'latency'
  | 'match'
  | 'probability'
  | 'no_match'
  | 'late'
  | 'rule_drop';

export interface Decision {
  keep: boolean;
  /** Inclusion probability, 0 … 1 (of this decision alone; a span's own `th` may be stricter). */
  probability: number;
  /** Rejection threshold as W3C `th`: 14 hex digits without trailing zeros, '0' for certain. */
  threshold: string;
  reason: DecisionReason;
  /** Name of the rule, '' when none matched. */
  rule: string;
}
export declare function decide(trace: TraceView, rules: SamplingRules, strings: Interner): Decision;

// ---- aggregates: rows are named as the ClickHouse columns, ready for JSONEachRow -----------------

/** Bucket index of a duration: base 2, 16 buckets an octave, over nanoseconds. */
export declare function bucketIndex(durationNs: number): number;
/** Nanoseconds; relative error at most 2.2 %; undefined without any count. */
export declare function quantileOfBuckets(
  entries: Iterable<readonly [index: number, count: number]>,
  q: number,
): number | undefined;

export type Buckets = Record<string, number>;

export interface RedRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  service: string;
  operation: string;
  kind: string;
  instance: string;
  count: number;
  errors: number;
  /** Decimal text (UInt64). */
  duration_sum_ns: string;
  buckets: Buckets;
}
export declare class RedAggregator {
  constructor(strings: Interner, limits?: { maxSeries?: number; maxOperationsPerService?: number });
  /** Counts every span of a scanned body; before the window. */
  record(table: SpanTable, nowMs: number): void;
  /** Increments since the last drain. */
  drain(): RedRow[];
  readonly series: number;
  /** Spans counted under `__overflow__`. */
  readonly overflowed: number;
}

export interface EdgeRow {
  time: number;
  caller: string;
  callee: string;
  type: 'http' | 'rpc' | 'messaging' | 'database' | 'internal';
  count: number;
  errors: number;
  duration_sum_ns: string;
  buckets: Buckets;
}
export declare class EdgeAggregator {
  constructor(strings: Interner, limits?: { maxSeries?: number });
  record(trace: TraceView, nowMs: number): void;
  drain(): EdgeRow[];
  readonly overflowed: number;
}

export interface ErrorOriginRow {
  time: number;
  root_service: string;
  root_operation: string;
  origin_service: string;
  origin_operation: string;
  traces: number;
  /** Of a kept trace, or ''. */
  example_trace_id: string;
}
/** Row of the span in which the trace's error began, or -1 when no span failed. */
export declare function errorOrigin(trace: TraceView): number;
export declare class ErrorOriginAggregator {
  constructor(strings: Interner, limits?: { maxSeries?: number });
  record(trace: TraceView, decision: Decision, nowMs: number): void;
  drain(): ErrorOriginRow[];
}

export interface SamplingRow {
  time: number;
  policy: string;
  reason: string;
  /** Traces. */
  seen: number;
  kept: number;
  /** Bytes of the spans seen. */
  bytes: number;
}
export declare class SamplingLedger {
  record(trace: TraceView, decision: Decision, nowMs: number): void;
  drain(): SamplingRow[];
}

// ---- context -----------------------------------------------------------------------------------

export interface TraceParent {
  traceId: string;
  spanId: string;
  sampled: boolean;
}
export declare function parseTraceParent(header: string): TraceParent | undefined;
export declare function formatTraceParent(parent: TraceParent): string;

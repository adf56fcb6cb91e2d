export { reframe } from './affinity/reframe.ts';
export { Rendezvous } from './affinity/rendezvous.ts';
export { shrinkBody } from './affinity/shrink-body.ts';
export { takeOut } from './affinity/take-out.ts';
export { formatTraceParent, parseTraceParent, type TraceParent } from './context/trace-parent.ts';
export {
  eraseThreshold,
  formatThreshold,
  probabilityOf,
  readSampling,
  type SamplingState,
  thresholdOf,
  writeThreshold,
} from './context/trace-state.ts';
export {
  CriticalPathAggregator,
  type CriticalPathLimits,
  type CriticalPathRow,
  type EndpointRow,
} from './critical-path/aggregate.ts';
export {
  analyseTrace,
  type PathSegment,
  type SpanOnPath,
  type TracePath,
  whatIfTrace,
} from './critical-path/analyse.ts';
export { PathColumns } from './critical-path/columns.ts';
export { type CriticalPath, criticalPath } from './critical-path/critical-path.ts';
export { type OperationTime, timeByOperation } from './critical-path/operations.ts';
export { type SlackAndDrag, slackAndDrag } from './critical-path/slack.ts';
export { type PathSpan, pathInputOf, readBlocking } from './critical-path/spans.ts';
export { columnsOfTable } from './critical-path/table.ts';
export {
  BLOCKING_ATTRIBUTE,
  CONFIDENCES,
  type Confidence,
  type PathInput,
  type PathSegments,
  type PathWarning,
  type PathWarningCode,
} from './critical-path/types.ts';
export { type WhatIf, whatIf } from './critical-path/what-if.ts';
export { createPathWorkspace, type PathWorkspace } from './critical-path/workspace.ts';
export { EdgeAggregator, type EdgeLimits, type EdgeRow } from './graph/edges.ts';
export {
  ErrorOriginAggregator,
  type ErrorOriginLimits,
  type ErrorOriginRow,
  errorOrigin,
} from './graph/error-origin.ts';
export type { EdgeType } from './graph/peer.ts';
export {
  encodeExportResponse,
  encodeStatus,
  exportResponseJson,
  type RpcStatus,
  type Signal,
  statusJson,
} from './otlp/answers.ts';
export { decodeLogs, decodeLogsJson, type LogRow, type LogsResult } from './otlp/decode-logs.ts';
export {
  decodeMetrics,
  decodeMetricsJson,
  METRIC_TABLES,
  type MetricRow,
  type MetricRows,
  type MetricsResult,
  type MetricTable,
} from './otlp/decode-metrics.ts';
export { decodeSpan, SAMPLE_RATE_ATTRIBUTE, type TraceRow } from './otlp/decode-span.ts';
export { Interner, type InternerLimits, OVERFLOW_TEXT } from './otlp/interner.ts';
export type { OtlpFault, Rejected } from './otlp/rejections.ts';
export { type ScanResult, scan } from './otlp/scan.ts';
export { scanJson } from './otlp/scan-json.ts';
export { SPAN_KINDS, SpanTable, STATUS_CODES } from './otlp/span-table.ts';
export { TraceRowWriter } from './otlp/trace-rows.ts';
export type { AttributeMap } from './otlp/value.ts';
export { QualityAggregator, type QualityRow } from './quality/quality.ts';
export type { Buckets, CountColumns } from './red/counts.ts';
export { ExemplarAggregator, type ExemplarRow } from './red/exemplars.ts';
export { bucketIndex, bucketLowerNs, quantileOfBuckets } from './red/histogram.ts';
export { RedAggregator, type RedLimits, type RedRow } from './red/red.ts';
export { type BoostUse, compileBoostTarget } from './sampling/boosts.ts';
export type { Decision, DecisionReason } from './sampling/decision.ts';
export {
  type DescribedRule,
  describeRules,
  type ExplainedRule,
  type Explanation,
} from './sampling/explain.ts';
export { type LedgerSpans, SamplingLedger, type SamplingRow } from './sampling/ledger.ts';
export { patternFault } from './sampling/pattern.ts';
export {
  type AttributePlace,
  type BoostTarget,
  type BudgetPart,
  type Condition,
  type CostUnit,
  type KeyField,
  type NewThing,
  type Rule,
  ratesTimes,
  type SamplerSpec,
  type SamplingBoost,
  type SamplingRules,
  type SpanCondition,
  type SpanKindWord,
  type StatusName,
  type TextTest,
  type ValueTest,
} from './sampling/rules.ts';
export { Sampler, type SamplerOptions } from './sampling/sampler.ts';
export {
  CALM,
  keptInOverload,
  overloadDecision,
  type StressMode,
  type StressState,
  stepStress,
} from './sampling/stress.ts';
export type { Trigger, WindowConfig } from './window/config.ts';
export { Parents } from './window/parents.ts';
export type { AddResult, WindowStats } from './window/results.ts';
export type { TraceView } from './window/trace-view.ts';
export { TraceWindow } from './window/window.ts';

/** Span kinds as OTLP numbers them. */
export const SPAN_KIND = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
} as const;

/** In `PathInput.parent`: the span names no parent. */
export const NO_PARENT = -1;
/** In `PathInput.parent`: the span names a parent that is not in the trace. */
export const PARENT_MISSING = -2;
/** In `PathInput.parent`: another span with the same id was kept instead of this one. */
export const DUPLICATE = -3;

/** In `PathInput.host` : the host is not known; another service then means another host. */
export const HOST_UNKNOWN = -1;

/** Span attribute by which a service says whether its parent waited for the span. */
export const BLOCKING_ATTRIBUTE = 'flyball.blocking';

/**
 * The spans of one trace in columns; position `i` of every column is span `i`.
 *
 * Times are integer nanoseconds as offsets from a base near the trace (best: the root's start),
 * because nanoseconds since the epoch do not fit a float64 and rounding would leave holes in the
 * partition. Offsets outside +-2^52 (52 days) are clamped and reported.
 */
export interface PathInput {
  /** Spans in use; columns may be longer. */
  readonly n: number;
  readonly startNs: Float64Array;
  readonly endNs: Float64Array;
  /** Index of the parent, or `NO_PARENT`, `PARENT_MISSING`, `DUPLICATE`; see `linkParents`. */
  readonly parent: Int32Array;
  /** One of `SPAN_KIND`. */
  readonly kind: Uint8Array;
  /** Any number that is equal for equal services. */
  readonly service: Int32Array | Uint32Array;
  /** Any number that is equal for equal hosts, or `HOST_UNKNOWN`. */
  readonly host: Int32Array;
  /** The attribute `flyball.blocking`: -1 not set, 0 false, 1 true. */
  readonly blocking: Int8Array;
  /** Upper and lower half of the span id: the last resort between equals. */
  readonly idHi: Uint32Array;
  readonly idLo: Uint32Array;
}

/** `certain` one child active, `inferred` chosen among concurrent ones, `ambiguous` a guess. */
export type Confidence = 'certain' | 'inferred' | 'ambiguous';

/** Name of the number in `PathSegments.confidence`; a higher number is less sure. */
export const CONFIDENCES = ['certain', 'inferred', 'ambiguous'] as const;
export const CERTAIN = 0;
export const INFERRED = 1;
export const AMBIGUOUS = 2;

/**
 * The path in columns, left to right, without gaps or overlaps: segment `i` is time in which the
 * root waited for span `span[i]` itself. Only the first `count` positions count.
 */
export interface PathSegments {
  readonly count: number;
  readonly span: Int32Array;
  readonly startNs: Float64Array;
  readonly endNs: Float64Array;
  /** Position in `CONFIDENCES`. */
  readonly confidence: Uint8Array;
}

export type PathWarningCode =
  /** No span is without a parent id: the root is an orphan, or there is none at all. */
  | 'root-missing'
  /** Spans below roots that were not chosen. */
  | 'several-roots'
  /** Spans below a parent that is not in the trace; left out. */
  | 'orphans'
  /** Spans on or below a cycle of parents; left out. */
  | 'cycle'
  /** Spans left out because another with the same id was kept. */
  | 'duplicate-id'
  /** Spans that end before they start; taken as zero-length at their start. */
  | 'negative-duration'
  /** Spans with times that are no integers or out of range; clamped. */
  | 'bad-time'
  /** Servers moved into their client because their clocks differ. */
  | 'skew-adjusted'
  /** Servers that do not fit into their client and were cut to it. */
  | 'skew-clipped';

/** `count` is the number of spans concerned (1 for `root-missing`). */
export interface PathWarning {
  readonly code: PathWarningCode;
  readonly count: number;
}

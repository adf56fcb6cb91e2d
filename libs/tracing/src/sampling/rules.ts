/** What must hold of a trace. */
export type Condition =
  /** A span with status Error. */
  | { kind: 'error' }
  /** From the earliest start to the latest end, more than this many milliseconds. */
  | { kind: 'latency'; aboveMs: number }
  /** A span of one of these services. */
  | { kind: 'service'; anyOf: string[] }
  /** A span with one of these names. */
  | { kind: 'operation'; anyOf: string[] }
  /** An attribute of a span or its resource is present, and has one of these values when given. */
  | { kind: 'attribute'; key: string; anyOf?: string[] }
  | { kind: 'span_count'; atLeast: number }
  | { kind: 'all'; of: Condition[] }
  | { kind: 'any'; of: Condition[] }
  | { kind: 'not'; of: Condition };

export interface Rule {
  name: string;
  /** Left out: holds always. */
  when?: Condition;
  /** Share of the matching traces to keep: 1 all, 0 none. */
  probability: number;
}

/** In order; the first that holds decides. When none holds the trace is dropped. */
export interface SamplingRules {
  rules: Rule[];
}

/** A test on a text. */
export type TextTest =
  | { kind: 'any_of'; values: string[] }
  /** A pattern as `Pattern` reads it: found anywhere in the text unless anchored. */
  | { kind: 'matches'; pattern: string };

/** A test on the value of an attribute. */
export type ValueTest =
  | { kind: 'exists' }
  | TextTest
  /** Of whole and decimal numbers, and of texts that are one; every bound given must hold. */
  | { kind: 'number'; above?: number; atLeast?: number; below?: number; atMost?: number }
  /** Of booleans, and of the texts `true` and `false`. */
  | { kind: 'boolean'; is: boolean };

export type AttributePlace = 'span' | 'resource' | 'either';
export type StatusName = 'unset' | 'ok' | 'error';
export type SpanKindWord =
  | 'unspecified'
  | 'internal'
  | 'server'
  | 'client'
  | 'producer'
  | 'consumer';

/** What must hold of one span. */
export type SpanCondition =
  | { kind: 'status'; anyOf: StatusName[] }
  | { kind: 'span_kind'; anyOf: SpanKindWord[] }
  /** Its duration; more than, and less than, this many milliseconds. */
  | { kind: 'latency'; overMs?: number; underMs?: number }
  | { kind: 'service'; name: TextTest }
  | { kind: 'operation'; name: TextTest }
  | { kind: 'attribute'; key: string; on: AttributePlace; value: ValueTest }
  /** A bit of the W3C trace flags that came with the span. */
  | { kind: 'flag'; flag: 'sampled' | 'random'; is: boolean }
  /** A member of the span's tracestate. */
  | { kind: 'trace_state'; key: string; value: { kind: 'exists' } | TextTest }
  | { kind: 'all'; of: SpanCondition[] }
  | { kind: 'any'; of: SpanCondition[] }
  | { kind: 'not'; of: SpanCondition };

export type NewThing = 'edge' | 'operation' | 'version';

/** What must hold of a trace. */
export type Condition =
  /** From the earliest start to the latest end, in milliseconds. */
  | { kind: 'latency'; overMs?: number; underMs?: number }
  /** At least one span for which all of this holds. */
  | { kind: 'span'; where: SpanCondition }
  /** The root was received, and this holds of it. */
  | { kind: 'root'; where: SpanCondition }
  | { kind: 'span_count'; atLeast?: number; atMost?: number }
  /**
   * Time on the critical path of the spans of a service or an operation; of all spans without
   * either, which is the root's duration. A share is 0 … 1 of the root's duration.
   */
  | {
      kind: 'critical_path';
      overMs?: number;
      overShare?: number;
      service?: TextTest;
      operation?: TextTest;
    }
  /** A span whose parent is a span of the caller. */
  | { kind: 'edge'; caller: string; callee: string }
  /**
   * A call between two services, an operation, or a version of a service (`service.version` of the
   * resource), not seen before, or not for `unseenForMs`. It stays new for `forMs` after that first
   * trace.
   */
  | { kind: 'new'; what: NewThing; unseenForMs?: number; forMs: number }
  | { kind: 'all'; of: Condition[] }
  | { kind: 'any'; of: Condition[] }
  | { kind: 'not'; of: Condition };

/** What a rate counts. */
export type CostUnit = 'traces' | 'spans' | 'bytes';

/** One field of a dynamic sampler's key. */
export type KeyField =
  | { kind: 'service' }
  | { kind: 'operation' }
  /** Of the root, or, where the root has none, of the first span that has it. */
  | { kind: 'attribute'; key: string };

/** What is done with the traces that a rule matches. */
export type SamplerSpec =
  /** A veto: no other rule, wherever it stands, and no boost keeps such a trace. */
  | { kind: 'drop' }
  /** Share of the traces to keep: 1 all, 0 none. */
  | { kind: 'probability'; probability: number }
  /** At most so many a second, and never more than `probability` of them. */
  | { kind: 'limit'; unit: CostUnit; perSecond: number; burst: number; probability: number }
  | DynamicSpec
  | BudgetSpec;

/** Each key its own probability: rare ones are kept more often than frequent ones. */
export interface DynamicSpec {
  kind: 'dynamic';
  by: KeyField[];
  unit: 'traces' | 'spans';
  /** A share of what comes, 0 … 1, or so many a second. */
  target: { kind: 'share'; share: number } | { kind: 'rate'; perSecond: number };
  /** How often the probabilities are worked out anew. */
  everyMs: number;
  /** Weight of the last period in the moving average, 0 … 1. */
  weight: number;
  /** Keys known at a time; the rest share one. */
  maxKeys: number;
}

/** One rate for several kinds of traces, each with a share; what one leaves the others get. */
export interface BudgetSpec {
  kind: 'budget';
  unit: CostUnit;
  perSecond: number;
  burst: number;
  /** The first that holds; a trace that none holds for goes on to the next rule. */
  parts: BudgetPart[];
}

export interface BudgetPart {
  name: string;
  when?: Condition;
  /** Relative to those of the other parts. */
  share: number;
  /** Never more than this share of its traces. */
  probability: number;
}

export interface Rule {
  name: string;
  /** Left out: holds always. */
  when?: Condition;
  sampler: SamplerSpec;
  /** Keeps all it decides, and marks what it would have dropped. */
  dryRun?: boolean;
}

/** In order; the first that holds decides. When none holds the trace is dropped. */
export interface SamplingRules {
  rules: Rule[];
  /** All rules are tried only: nothing is dropped. */
  dryRun?: boolean;
}

/** Traces that a boost is about. */
export type BoostTarget =
  /** With a span of it. */
  | { kind: 'service'; service: string }
  | { kind: 'operation'; service: string; operation: string }
  /** In which a span of the callee has a span of the caller as its parent. */
  | { kind: 'edge'; caller: string; callee: string };

/** Keeps more of some traces for a while, whatever the rules say short of dropping them. */
export interface SamplingBoost {
  /** Names it in the decision's `rule`; the same name is the same boost, about the same target. */
  name: string;
  target: BoostTarget;
  /** At least this share is kept, above 0 … 1. */
  probability: number;
  /** Ends by itself; ms of the clock given to `decide`. */
  untilMs: number;
  /** So much may be kept that would else have been dropped; then it ends. */
  maxSpans?: number;
  maxBytes?: number;
}

/** The rule with this share of every rate in it: for one of several that decide side by side. */
export function ratesTimes(rule: Rule, share: number): Rule {
  const { sampler } = rule;
  switch (sampler.kind) {
    case 'limit':
    case 'budget': {
      const perSecond = sampler.perSecond * share;
      return { ...rule, sampler: { ...sampler, perSecond, burst: sampler.burst * share } };
    }
    case 'dynamic': {
      if (sampler.target.kind === 'share') return rule;
      const perSecond = sampler.target.perSecond * share;
      return { ...rule, sampler: { ...sampler, target: { kind: 'rate', perSecond } } };
    }
    case 'drop':
    case 'probability':
      return rule;
  }
}

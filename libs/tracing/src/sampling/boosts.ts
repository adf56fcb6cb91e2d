import type { Interner } from '../otlp/interner.ts';
import type { TraceView } from '../window/trace-view.ts';
import { Answers } from './answers.ts';
import { NameTest } from './name-test.ts';
import type { BoostTarget, SamplingBoost } from './rules.ts';
import { type LinkedSpans, TraceEdges } from './trace-pairs.ts';

/** What a boost has kept that would else have been dropped. */
export interface BoostUse {
  readonly name: string;
  readonly traces: number;
  readonly spans: number;
  readonly bytes: number;
}

class RunningBoost {
  boost: SamplingBoost;
  readonly holds: (trace: LinkedSpans) => boolean;
  readonly answers: Answers;
  traces = 0;
  spans = 0;
  bytes = 0;

  constructor(boost: SamplingBoost, strings: Interner) {
    this.boost = boost;
    this.holds = compileBoostTarget(boost.target, strings);
    this.answers = new Answers(boost.name, 'boost', false);
    this.change(boost);
  }

  /** Another rate, end or budget for the same target; what was used stays used. */
  change(boost: SamplingBoost): void {
    this.boost = boost;
    this.answers.use(boost.probability, true);
  }

  /** Neither its time nor its budget is over. */
  inForce(nowMs: number): boolean {
    const { untilMs, maxSpans = Infinity, maxBytes = Infinity } = this.boost;
    return nowMs < untilMs && this.spans < maxSpans && this.bytes < maxBytes;
  }

  spend(trace: TraceView): void {
    this.traces += 1;
    this.spans += trace.spans.count;
    this.bytes += trace.bytes;
  }
}

/**
 * Boosts on top of the rules: the strongest that holds for a trace may raise its probability. They
 * lower none, and wake nothing that a rule drops on purpose.
 */
export class RunningBoosts {
  readonly #strings: Interner;
  /** The strongest first. */
  #running: RunningBoost[] = [];

  constructor(strings: Interner) {
    this.#strings = strings;
  }

  /** All that are to run; one of a name that runs already goes on with what it has used. */
  set(boosts: readonly SamplingBoost[]): void {
    const before = new Map(this.#running.map((running) => [running.boost.name, running]));
    this.#running = [...boosts]
      .sort((left, right) => right.probability - left.probability)
      .map((boost) => {
        const known = before.get(boost.name);
        known?.change(boost);
        return known ?? new RunningBoost(boost, this.#strings);
      });
  }

  /** The strongest above this probability that holds for the trace. */
  strongest(trace: TraceView, above: number, nowMs: number): RunningBoost | undefined {
    for (const running of this.#running) {
      if (running.boost.probability <= above) return undefined;
      if (running.inForce(nowMs) && running.holds(trace)) return running;
    }
    return undefined;
  }

  uses(): BoostUse[] {
    return this.#running.map(({ boost, traces, spans, bytes }) => ({
      name: boost.name,
      traces,
      spans,
      bytes,
    }));
  }

  /** Names of those whose time or budget is over. */
  ended(nowMs: number): string[] {
    return this.#running
      .filter((running) => !running.inForce(nowMs))
      .map((running) => running.boost.name);
  }
}

/** Whether a trace is about the target: calls are those that the service graph shows. */
export function compileBoostTarget(
  target: BoostTarget,
  strings: Interner,
): (trace: LinkedSpans) => boolean {
  const named = (name: string) => new NameTest({ kind: 'any_of', values: [name] }, strings);
  if (target.kind === 'edge') {
    const caller = named(target.caller);
    const callee = named(target.callee);
    const isIt = (left: number, right: number) => caller.holds(left) && callee.holds(right);
    const edges = new TraceEdges(strings);
    return (trace) => edges.some(trace, isIt);
  }
  const service = named(target.service);
  const operation = target.kind === 'operation' ? named(target.operation) : undefined;
  return ({ spans }) => {
    for (let span = 0; span < spans.count; span += 1) {
      if (!service.service(spans, span)) continue;
      if (operation === undefined || operation.operation(spans, span)) return true;
    }
    return false;
  };
}

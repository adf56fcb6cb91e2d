import type { SamplingDecision } from '@flyball/contract';
import { type BoostUse, ratesTimes, type SamplingRules } from '@flyball/tracing';
import type { CollectorConfig } from '../config/schema.ts';
import { windowConfigOf } from '../config/window.ts';
import type { LookBack } from '../ring/look-back.ts';
import {
  type Boost,
  type BoostResult,
  Boosts,
  boostName,
  samplingBoostOf,
  targetOf,
} from './boosts.ts';
import type { TracePipeline } from './traces.ts';

/** A boost in force, and what was kept because of it. */
export interface BoostInForce extends Boost {
  readonly kept: Omit<BoostUse, 'name'>;
}

const NOTHING = { traces: 0, spans: 0, bytes: 0 };

/** The rules as the sampler of one worker takes them: each has its part of every rate. */
function rulesOfWorker({ sampling, workers }: CollectorConfig): SamplingRules {
  const { rules, dryRun } = sampling;
  return { rules: rules.map((rule) => ratesTimes(rule, 1 / workers)), dryRun };
}

/** The rules in force: those of the file, raised by the boosts of the moment. */
export class SamplingControl {
  /** Where traces dropped before are found again; undefined: nowhere. */
  lookBack: Pick<LookBack, 'ask' | 'promotion'> | undefined;
  private readonly boosts = new Boosts();
  private readonly traces: TracePipeline;
  private config: CollectorConfig;
  /** Kept because of boosts that are over. */
  private keptBefore = NOTHING;

  constructor(traces: TracePipeline, config: CollectorConfig) {
    this.traces = traces;
    this.config = config;
    this.applyRules();
  }

  /** Takes over rules and window of a new file; nothing that waits is lost. */
  configure(config: CollectorConfig): void {
    this.config = config;
    this.traces.window.configure(windowConfigOf(config));
    this.applyRules();
  }

  boost(wanted: Boost, nowMs: number): BoostResult {
    const result = this.boosts.set(wanted, this.config.sampling.boosts, nowMs);
    this.applyBoosts();
    const { sinceMs, by } = wanted;
    if (result.kind === 'set' && sinceMs !== undefined) {
      this.lookBack?.ask({ target: targetOf(wanted), sinceMs, by });
    }
    return result;
  }

  /** Of the window in force. */
  maxWindowBytes(): number {
    return this.config.window.maxSize;
  }

  /** How long a trace waits after its root, ms. */
  windowDelayMs(): number {
    return this.config.window.delay;
  }

  list(): BoostInForce[] {
    const uses = this.uses();
    return this.boosts.list().map((boost) => {
      const { traces, spans, bytes } = uses.get(boostName(boost)) ?? NOTHING;
      return { ...boost, kept: { traces, spans, bytes } };
    });
  }

  /** Spans and bytes that only boosts have kept, since the start. */
  keptByBoosts(): Omit<BoostUse, 'name'> {
    return [...this.uses().values()].reduce(sum, this.keptBefore);
  }

  /** Why a trace was kept or dropped, or how it would be decided now. */
  explain(traceId: string, nowMs: number): SamplingDecision {
    const { sampler, window } = this.traces;
    const waiting = window.waiting(traceId);
    if (waiting !== undefined && waiting.earlier === undefined) {
      const { rules, ...said } = sampler.explainWaiting(waiting, nowMs);
      return { traceId, ...said, rules: [...rules] };
    }
    const decided = sampler.explainDecided(traceId);
    if (decided !== undefined) {
      const promoted = this.lookBack?.promotion(traceId);
      const then = promoted === undefined ? {} : { promoted };
      return { traceId, ...decided, rules: [...decided.rules], ...then };
    }
    const { decisions: remembered, sinceMs = null } = sampler.memory;
    return { state: 'unknown', traceId, remembered, sinceMs };
  }

  /** What the sampler had no room for; see `Sampler`. */
  overflowed(): Readonly<Record<string, number>> {
    return { ...this.traces.sampler.overflowed() };
  }

  /** Ends boosts whose time or budget is over. */
  tick(nowMs: number): void {
    if (this.boosts.expire(nowMs)) this.applyBoosts();
    this.boosts.spend(this.traces.sampler.endedBoosts(nowMs));
  }

  private applyRules(): void {
    const { sampler } = this.traces;
    const { sampling, workers } = this.config;
    sampler.configure(rulesOfWorker(this.config));
    sampler.remember(Math.ceil(sampling.explain.remember / workers));
  }

  private uses(): Map<string, BoostUse> {
    return new Map(this.traces.sampler.boostUses().map((use) => [use.name, use]));
  }

  private applyBoosts(): void {
    const { workers } = this.config;
    const boosts = this.boosts.all();
    const names = new Set(boosts.map(boostName));
    for (const [name, use] of this.uses()) {
      if (!names.has(name)) this.keptBefore = sum(this.keptBefore, use);
    }
    this.traces.sampler.setBoosts(boosts.map((boost) => samplingBoostOf(boost, workers)));
  }
}

type Kept = Omit<BoostUse, 'name'>;

function sum(left: Kept, right: Kept): Kept {
  return {
    traces: left.traces + right.traces,
    spans: left.spans + right.spans,
    bytes: left.bytes + right.bytes,
  };
}

/**
 * The frame of the laws that read a queue out of latency (vegas, gradient2, littlesLaw).
 *
 *     calls dropped                       limit x backoff^h, before anything is learned
 *     a probe is due, the limit used      limit x 0.75 for eight periods and eight latencies
 *       latency fell by 10 % or more      there was a queue in it: probe on from here
 *       otherwise                         back to the limit before
 *     the law asks for more, and
 *       less than half is used            limit
 *       the last trial brought nothing    limit
 *     otherwise                           as the law asks
 *
 * The probe is what finds a baseline that was learned with the queue already there: nothing else
 * would ever look below it.
 */
import { requireAtLeastZero } from '../../config.ts';
import type { Law, Step } from '../../decision.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs } from '../refuse.ts';
import { type Baseline, isThroughputFlat, queueOf, stepBaseline } from './baseline.ts';
import {
  type ConcurrencyInput,
  holdLimit,
  isDropping,
  type LimitConfig,
  type LimitMemory,
  type LimitSettings,
  limitNow,
  limitSettings,
  periodsSince,
  proposeLimit,
  refuseLimit,
} from './limit.ts';

export interface GuardedConfig extends LimitConfig {
  /** Time between probes of the baseline while the limit is used. Default 5 min; 0: never. */
  readonly probeEveryMs?: number;
}

export interface GuardedSettings extends LimitSettings {
  readonly probeEveryMs: number;
}

/** `sinceMs`: when the last probe ended; null: the law has not begun. */
type Probe =
  | { readonly kind: 'waiting'; readonly sinceMs: number | null }
  | {
      readonly kind: 'probing';
      readonly fromMs: number;
      /** Latency when it began. */
      readonly latencyMs: number;
      /** The limit to go back to. */
      readonly before: number;
    };

/** Plain JSON. */
export interface GuardedState<Settings extends GuardedSettings> extends LimitMemory {
  readonly config: Settings;
  readonly baseline: Baseline | null;
  readonly probe: Probe;
}

/** What a law is shown to judge by. */
export interface QueueView {
  readonly current: number;
  readonly inFlight: number;
  readonly latencyMs: number;
  readonly completedPerSecond: number | null;
  readonly baselineMs: number;
  /** How many of those inside only wait. */
  readonly queue: number;
  /** Periods since the last step, at most 1. */
  readonly periods: number;
}

export interface LimitVerdict {
  readonly next: number;
  readonly reason: LawReason;
}

const PROBE_SHARE = 0.75;
const PROBE_LENGTH = 8;
const PROBE_USE = 0.8;
/** A latency that falls to this share of itself had a queue in it. */
const PROBE_FOUND = 0.9;
/** The first probe comes this many periods after the beginning. */
const FIRST_PROBE_PERIODS = 30;

export function guardedSettings(config: GuardedConfig): GuardedSettings {
  const { probeEveryMs = 300_000 } = config;
  requireAtLeastZero('probeEveryMs', probeEveryMs);
  return { ...limitSettings(config, 0.9), probeEveryMs };
}

/** A law out of its settings and of what it makes of a queue. */
export function guardedLimit<Config, Settings extends GuardedSettings>(law: {
  readonly name: string;
  readonly settings: (config: Config) => Settings;
  /** Null: a figure it needs is missing. */
  readonly judge: (settings: Settings, view: QueueView) => LimitVerdict | null;
}): Law<Config, GuardedState<Settings>, ConcurrencyInput, number> {
  return {
    name: law.name,
    init: (config) => ({
      config: law.settings(config),
      lastMs: null,
      limit: null,
      baseline: null,
      probe: { kind: 'waiting', sinceMs: null },
    }),
    step: (state, input) => step(law.judge, state, input),
    retune: (state, config) => ({ ...state, config: law.settings(config) }),
  };
}

function step<Settings extends GuardedSettings>(
  judge: (settings: Settings, view: QueueView) => LimitVerdict | null,
  state: GuardedState<Settings>,
  input: ConcurrencyInput,
): Step<GuardedState<Settings>, number> {
  const { config } = state;
  const { nowMs } = input;
  const current = limitNow(state, input, config.minLimit);
  const refused = refuseLimit(state, input, config);
  const lastMs = nextLastMs(state.lastMs, nowMs);
  if (refused !== null) {
    return holdLimit(
      { ...state, lastMs, probe: clockOf(state.probe, nowMs) },
      input,
      current,
      refused,
    );
  }
  const periods = periodsSince(state.lastMs, nowMs, config.everyMs);
  const inFlight = input.inFlight as number;
  if (isDropping(input, config)) {
    const terms = { applied: input.applied, inFlight, dropRatio: input.dropRatio ?? 0 };
    const next = { ...state, lastMs, probe: { kind: 'waiting', sinceMs: nowMs } } as const;
    return proposeLimit(next, current * config.backoff ** periods, 'calls-dropped', terms);
  }
  const latencyMs = input.latencyMs as number;
  const { everyMs } = config;
  const sample = { nowMs, inFlight, latencyMs, periods, everyMs };
  const baseline = stepBaseline(state.baseline, sample);
  const next = { ...state, lastMs, baseline, probe: startOf(state.probe, config, nowMs) };
  if (baseline === null) {
    return proposeLimit(next, current, 'limit-unused', { applied: input.applied, inFlight });
  }
  const queue = queueOf(baseline, inFlight, latencyMs);
  const terms = { applied: input.applied, inFlight, latencyMs, baselineMs: baseline.ms, queue };
  const probed = probe(next, baseline, current, input);
  if (probed !== null) {
    return proposeLimit({ ...next, probe: probed.probe }, probed.limit, 'baseline-probe', terms);
  }
  const verdict = judge(config, {
    current,
    inFlight,
    latencyMs,
    completedPerSecond: input.completedPerSecond,
    baselineMs: baseline.ms,
    queue,
    periods,
  });
  if (verdict === null) {
    return holdLimit(next, input, current, 'no-evidence');
  }
  const bounded = boundGrowth(verdict, baseline, current, inFlight);
  return proposeLimit(
    { ...next, probe: undisturbed(next.probe) },
    bounded.next,
    bounded.reason,
    terms,
  );
}

function boundGrowth(
  verdict: LimitVerdict,
  baseline: Baseline,
  current: number,
  inFlight: number,
): LimitVerdict {
  if (verdict.next <= current) {
    return verdict;
  }
  if (inFlight * 2 < current) {
    return { next: current, reason: 'limit-unused' };
  }
  return isThroughputFlat(baseline) ? { next: current, reason: 'throughput-flat' } : verdict;
}

/** What the probe does with the limit now; null: there is none at work. */
function probe<Settings extends GuardedSettings>(
  state: GuardedState<Settings>,
  baseline: Baseline,
  current: number,
  input: ConcurrencyInput,
): { readonly limit: number; readonly probe: Probe } | null {
  const { config, probe: now } = state;
  const { nowMs } = input;
  const { latencyMs } = baseline;
  const eased = Math.max(config.minLimit, current * PROBE_SHARE);
  const begin: Probe = { kind: 'probing', fromMs: nowMs, latencyMs, before: current };
  if (now.kind === 'waiting') {
    const due = config.probeEveryMs > 0 && nowMs - (now.sinceMs ?? nowMs) >= config.probeEveryMs;
    const used = (input.inFlight as number) >= PROBE_USE * current && eased < current;
    return due && used ? { limit: eased, probe: begin } : null;
  }
  // Others have moved the limit: what is seen now is not the probe's doing.
  if (state.limit === null || Math.floor(state.limit) !== input.applied) {
    return null;
  }
  if (nowMs - now.fromMs < PROBE_LENGTH * Math.max(config.everyMs, latencyMs)) {
    return { limit: current, probe: now };
  }
  if (latencyMs > PROBE_FOUND * now.latencyMs) {
    return { limit: now.before, probe: { kind: 'waiting', sinceMs: nowMs } };
  }
  return eased < current
    ? { limit: eased, probe: begin }
    : { limit: current, probe: { kind: 'waiting', sinceMs: nowMs } };
}

/** A law that goes its own way has no probe at work. */
function undisturbed(probe: Probe): Probe {
  return probe.kind === 'waiting' ? probe : { kind: 'waiting', sinceMs: probe.fromMs };
}

function startOf(probe: Probe, config: GuardedSettings, nowMs: number): Probe {
  if (probe.kind !== 'waiting' || probe.sinceMs !== null) {
    return clockOf(probe, nowMs);
  }
  const firstMs = Math.min(config.probeEveryMs, FIRST_PROBE_PERIODS * config.everyMs);
  return { kind: 'waiting', sinceMs: nowMs - config.probeEveryMs + firstMs };
}

/** After a step back of the clock the probe's times are counted from the new one. */
function clockOf(probe: Probe, nowMs: number): Probe {
  if (!Number.isFinite(nowMs)) {
    return probe;
  }
  if (probe.kind === 'waiting') {
    return (probe.sinceMs ?? nowMs) <= nowMs ? probe : { kind: 'waiting', sinceMs: nowMs };
  }
  return probe.fromMs <= nowMs ? probe : { ...probe, fromMs: nowMs };
}

/**
 * Concurrency limit by the ratio to a latency measured at low load (Envoy's gradient).
 *
 *     g      = clamp(minRtt (1 + buffer) / latency, 0.5, 2)
 *     wished = g limit + sqrt(g limit)
 *     limit' = limit (wished / limit)^h                               h = min(1, dt / everyMs)
 *     calls dropped: limit x 0.9^h
 *
 * minRtt is measured, not guessed: every `probeEveryMs` the limit goes down to `probeLimit` until
 * `probeCalls` calls have been answered, then returns to what it was. Only windows with no more
 * than that inside count, and not the first of them, in which the calls of before drain. After
 * `probeMaxMs` a fifth of the calls will do; with fewer the old minRtt stays, if there is one. A
 * limit at its minimum for five steps on end is at the probe's level, and a probe begins at once.
 *
 * The original ignores drops and doubles a limit that nobody uses; here drops come first and
 * growth needs a limit that is half used. Its price stays: all but `probeLimit` calls are turned
 * away while it probes. Where that is too much use gradient2, whose probe takes a quarter.
 *
 * Defaults: buffer 0.25, probe every 60 s (up to 15 % later, so that a fleet does not probe in
 * step) at 3 calls for 50 answers and at most 10 s; steps per second, limit 3 to 1,000.
 *
 * Regimes: probing; growing, shrinking by at most a half a step, resting; backing off from drops;
 * holding without fresh evidence.
 *
 * Stability: at saturation latency goes with the limit, g limit is constant, and the limit reaches
 * its fixed point in one step. With a dead time it swings between the bounds of g: raise `everyMs`
 * above the usual latency and the lag of the figures. limits.sim.test.ts (20 workers of 100 ms):
 * between probes at most 50 without a lag, 80 with one of a second, and 120 while the service time
 * leaks to 700 ms.
 *
 * Source: Envoy's adaptive concurrency filter.
 */
import { requirePositive, requireThat } from '../../config.ts';
import type { Law, Step } from '../../decision.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs } from '../refuse.ts';
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

export interface EnvoyGradientConfig extends LimitConfig {
  /** Latency above minRtt that is still no queue, as a share. Default 0.25. */
  readonly buffer?: number;
  /** Default 60 s. */
  readonly probeEveryMs?: number;
  /** Limit while minRtt is measured. Default 3. */
  readonly probeLimit?: number;
  /** Answers that make a minRtt. Default 50. */
  readonly probeCalls?: number;
  /** Default 10 s. */
  readonly probeMaxMs?: number;
  /** Seed of the probes' jitter; give each instance its own. Default 1. */
  readonly seed?: number;
}

export interface EnvoyGradientSettings extends LimitSettings {
  readonly buffer: number;
  readonly probeEveryMs: number;
  readonly probeLimit: number;
  readonly probeCalls: number;
  readonly probeMaxMs: number;
  readonly seed: number;
}

type Phase =
  | { readonly kind: 'running'; readonly probeAtMs: number; readonly stepsAtMinimum: number }
  | {
      readonly kind: 'probing';
      readonly fromMs: number;
      /** Limit to go back to. */
      readonly before: number;
      /** The window before this one held no more than the probe's limit. */
      readonly quiet: boolean;
      readonly calls: number;
      /** Sum over those calls. */
      readonly latencySumMs: number;
    };

/** Plain JSON. */
export interface EnvoyGradientState extends LimitMemory {
  readonly config: EnvoyGradientSettings;
  /** Null: not measured yet. */
  readonly minRttMs: number | null;
  /** Null: not begun. */
  readonly phase: Phase | null;
  readonly seed: number;
}

const JITTER = 0.15;
const STEPS_AT_MINIMUM = 5;
/** Share of `probeCalls` that will do when the probe's time is up. */
const FEW = 0.2;

export const envoyGradient: Law<EnvoyGradientConfig, EnvoyGradientState, ConcurrencyInput, number> =
  {
    name: 'envoyGradient',
    init: (config) => {
      const settings = settingsOf(config);
      const { seed } = settings;
      return { config: settings, lastMs: null, limit: null, minRttMs: null, phase: null, seed };
    },
    step,
    retune: (state, config) => ({ ...state, config: settingsOf(config) }),
  };

function settingsOf(config: EnvoyGradientConfig): EnvoyGradientSettings {
  const { buffer = 0.25, probeEveryMs = 60_000, probeLimit = 3, probeCalls = 50 } = config;
  const { probeMaxMs = 10_000, seed = 1 } = config;
  requireThat(buffer >= 0 && buffer <= 4, 'buffer', buffer, 'from 0 to 4');
  requirePositive('probeEveryMs', probeEveryMs);
  requirePositive('probeCalls', probeCalls);
  requirePositive('probeMaxMs', probeMaxMs);
  requireThat(Number.isInteger(seed), 'seed', seed, 'a whole number');
  const limits = limitSettings({ minLimit: 3, ...config }, 0.9);
  const inside = Number.isInteger(probeLimit) && probeLimit >= 1 && probeLimit <= limits.maxLimit;
  requireThat(inside, 'probeLimit', probeLimit, `whole, from 1 to maxLimit (${limits.maxLimit})`);
  return { ...limits, buffer, probeEveryMs, probeLimit, probeCalls, probeMaxMs, seed };
}

function step(
  state: EnvoyGradientState,
  input: ConcurrencyInput,
): Step<EnvoyGradientState, number> {
  const { config } = state;
  const { nowMs, applied } = input;
  const current = limitNow(state, input, config.minLimit);
  const refused = refuseLimit(state, input, config);
  const next = {
    ...state,
    lastMs: nextLastMs(state.lastMs, nowMs),
    phase: clockOf(state.phase, nowMs, config.probeEveryMs),
  };
  if (refused !== null) {
    return holdLimit(next, input, current, refused);
  }
  const periods = periodsSince(state.lastMs, nowMs, config.everyMs);
  const inFlight = input.inFlight as number;
  const { phase } = next;
  if (phase?.kind === 'probing') {
    return measure(next, phase, input, nowMs - (state.lastMs ?? nowMs));
  }
  if (isDropping(input, config)) {
    const terms = { applied, inFlight, dropRatio: input.dropRatio ?? 0 };
    const backed = current * config.backoff ** periods;
    return proposeLimit(resting(next, phase), backed, 'calls-dropped', terms);
  }
  const atMinimum = phase !== null && phase.stepsAtMinimum >= STEPS_AT_MINIMUM;
  if (phase === null || nowMs >= phase.probeAtMs || atMinimum) {
    return beginProbe(next, current, input);
  }
  if (state.minRttMs === null) {
    return holdLimit(next, input, current, 'no-evidence');
  }
  const latencyMs = input.latencyMs as number;
  const { limit, reason, gradient } = gradientStep(state, current, inFlight, latencyMs, periods);
  const low = Math.floor(limit) <= config.minLimit && Math.floor(current) <= config.minLimit;
  const running: Phase = { ...phase, stepsAtMinimum: low ? phase.stepsAtMinimum + 1 : 0 };
  const terms = { applied, inFlight, latencyMs, baselineMs: state.minRttMs, gradient };
  return proposeLimit({ ...next, phase: running }, limit, reason, terms);
}

function gradientStep(
  state: EnvoyGradientState,
  current: number,
  inFlight: number,
  latencyMs: number,
  periods: number,
): { readonly limit: number; readonly reason: LawReason; readonly gradient: number } {
  const wantedMs = (state.minRttMs as number) * (1 + state.config.buffer);
  const gradient = latencyMs > 0 ? Math.max(0.5, Math.min(2, wantedMs / latencyMs)) : 1;
  const wished = gradient * current + Math.sqrt(gradient * current);
  const limit = periods === 1 ? wished : current * (wished / current) ** periods;
  if (limit > current) {
    return inFlight * 2 < current
      ? { limit: current, reason: 'limit-unused', gradient }
      : { limit, reason: 'room-to-grow', gradient };
  }
  return { limit, reason: limit < current ? 'queue-grows' : 'queue-steady', gradient };
}

function beginProbe(
  state: EnvoyGradientState,
  current: number,
  input: ConcurrencyInput,
): Step<EnvoyGradientState, number> {
  const { nowMs, applied } = input;
  const phase: Phase = {
    kind: 'probing',
    fromMs: nowMs,
    before: current,
    quiet: false,
    calls: 0,
    latencySumMs: 0,
  };
  return probeAt(state, phase, { applied, calls: 0 });
}

/** One window of a probe; the last one ends it. */
function measure(
  state: EnvoyGradientState,
  probing: Extract<Phase, { kind: 'probing' }>,
  input: ConcurrencyInput,
  sinceLastMs: number,
): Step<EnvoyGradientState, number> {
  const { config } = state;
  const { nowMs, applied } = input;
  // Calls of before drain in the first window that is quiet on the whole: it does not count.
  const quiet = (input.inFlight as number) <= config.probeLimit && input.latencyMs !== null;
  const counts = quiet && probing.quiet;
  const answered = counts ? ((input.completedPerSecond ?? 0) * sinceLastMs) / 1_000 : 0;
  const calls = probing.calls + answered;
  const latencySumMs = probing.latencySumMs + answered * (input.latencyMs ?? 0);
  const enough = calls >= config.probeCalls;
  if (!enough && nowMs - probing.fromMs < config.probeMaxMs) {
    return probeAt(state, { ...probing, quiet, calls, latencySumMs }, { applied, calls });
  }
  // Few answers are better than none, but no reason to give up a figure that rests on many.
  const some = enough || state.minRttMs === null || calls >= config.probeCalls * FEW;
  const better = latencySumMs > 0 && some;
  const minRttMs = better ? latencySumMs / calls : state.minRttMs;
  const draw = (Math.imul(state.seed, 1_664_525) + 1_013_904_223) >>> 0;
  const jitterMs = config.probeEveryMs * JITTER * (draw / 4_294_967_296);
  const phase: Phase = {
    kind: 'running',
    probeAtMs: nowMs + config.probeEveryMs + jitterMs,
    stepsAtMinimum: 0,
  };
  const terms = { applied, calls, baselineMs: minRttMs ?? 0 };
  const done = { ...state, minRttMs, phase, seed: draw };
  return proposeLimit(done, probing.before, 'baseline-known', terms);
}

/** The probe's limit may lie below `minLimit`: it is not the law's proposal but a measurement. */
function probeAt(
  state: EnvoyGradientState,
  phase: Extract<Phase, { kind: 'probing' }>,
  terms: { readonly [name: string]: number },
): Step<EnvoyGradientState, number> {
  const value = Math.min(state.config.probeLimit, Math.max(1, Math.floor(phase.before)));
  return {
    state: { ...state, phase, limit: value },
    output: { value, reason: 'baseline-probe', terms },
  };
}

function resting(state: EnvoyGradientState, phase: Phase | null): EnvoyGradientState {
  return phase?.kind === 'running' ? { ...state, phase: { ...phase, stepsAtMinimum: 0 } } : state;
}

/** After a step back of the clock the phase's times are counted from the new one. */
function clockOf(phase: Phase | null, nowMs: number, probeEveryMs: number): Phase | null {
  if (phase === null || !Number.isFinite(nowMs)) {
    return phase;
  }
  if (phase.kind === 'probing') {
    return phase.fromMs <= nowMs ? phase : { ...phase, fromMs: nowMs };
  }
  const latestMs = nowMs + probeEveryMs * (1 + JITTER);
  return phase.probeAtMs <= latestMs ? phase : { ...phase, probeAtMs: latestMs };
}

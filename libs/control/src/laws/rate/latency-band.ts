/**
 * Rate target held by a latency band.
 *
 *     p99 > target (1 + band)                          rate x down     (110 ms: x 0.9)
 *     p99 < target (1 - band), rejects high            rate x up       ( 90 ms: x 1.1)
 *     p99 < target (1 - band), CPU high                hold
 *     p99 < target (1 - band), rate not used           hold
 *     p99 < target (1 - band), otherwise               rate x up
 *     between                                          hold
 *
 * Factors are meant per `everyMs`; a step after a shorter gap moves less: factor^(dt / everyMs).
 * High latency lowers the rate whatever else is seen. Rejects outweigh a busy CPU: calls are lost
 * now, while latency says there is room. A limit that nobody reaches is not raised: it would climb
 * without end and be no limit when the surge comes.
 *
 * Defaults: target 100 ms, band 10 %, factors 0.9 and 1.1, every 5 s; rejects are high above 1 %,
 * CPU above 80 %, a rate is used from half of it on. Worked example, from 1,000/s: p99 120, 105,
 * 85 ms give 900, 900, 990.
 *
 * Regimes: shrinking, growing, resting in the band; holding without fresh evidence.
 *
 * Stability: where p99 grows with the rate, the rate stays between down^(1 + d) of the rate at the
 * lower edge of the band and up^(1 + d) of the one at the upper edge, for figures d periods late
 * (latency-band.test.ts); so it swings, but never further. With a longer dead time raise `everyMs`
 * to it. sim/rate-loop.sim.test.ts holds it between 0.6 and 1.4 of the capacity at twice the load
 * the plant can bear.
 *
 * Source: multiplicative increase and decrease with a dead band; the mission's table, row 7.
 */
import { requireAtLeastZero, requirePositive, requireRatio, requireThat } from '../../config.ts';
import type { Decision, Law, LawInput, Step } from '../../decision.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';

export interface LatencyBandConfig {
  /** Wanted p99. Default 100 ms. */
  readonly targetMs?: number;
  /** Half width of the band around the target in which nothing moves, as a share. Default 0.1. */
  readonly band?: number;
  /** Factor when the rate may grow. Default 1.1. */
  readonly up?: number;
  /** Factor when it must shrink. Default 0.9. */
  readonly down?: number;
  /** Period the factors are meant for. Default 5 s. */
  readonly everyMs?: number;
  /** Reject ratio above which rejects count as high. Default 0.01. */
  readonly rejectRatioHigh?: number;
  /** Back-end CPU (0 to 1) above which the rate does not grow. Default 0.8. */
  readonly cpuHigh?: number;
  /** The rate grows only when at least this share of it is used. Default 0.5; 0 switches it off. */
  readonly growAboveUse?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export interface LatencyBandInput extends LawInput {
  readonly p99Ms: number | null;
  /** Rate in force, per second. */
  readonly applied: number;
  /** Rejected over offered, 0 to 1. Null or left out: not observed. */
  readonly rejectRatio?: number | null;
  /** Back-end CPU, 0 to 1. */
  readonly cpu?: number | null;
  /** Requests offered per second, accepted or not. */
  readonly offeredPerSecond?: number | null;
}

/** Plain JSON. */
export interface LatencyBandState {
  readonly config: Required<LatencyBandConfig>;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
}

export const latencyBand: Law<LatencyBandConfig, LatencyBandState, LatencyBandInput, number> = {
  name: 'latencyBand',
  init: (config) => ({ config: settingsOf(config), lastMs: null, lastApplied: null }),
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: LatencyBandConfig): Required<LatencyBandConfig> {
  const settings = {
    targetMs: config.targetMs ?? 100,
    band: config.band ?? 0.1,
    up: config.up ?? 1.1,
    down: config.down ?? 0.9,
    everyMs: config.everyMs ?? 5_000,
    rejectRatioHigh: config.rejectRatioHigh ?? 0.01,
    cpuHigh: config.cpuHigh ?? 0.8,
    growAboveUse: config.growAboveUse ?? 0.5,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  requirePositive('targetMs', settings.targetMs);
  requireThat(settings.band >= 0 && settings.band < 1, 'band', settings.band, 'from 0 to below 1');
  requireThat(settings.up > 1 && settings.up <= 4, 'up', settings.up, 'above 1, at most 4');
  requireThat(settings.down > 0 && settings.down < 1, 'down', settings.down, 'between 0 and 1');
  requirePositive('everyMs', settings.everyMs);
  requireRatio('rejectRatioHigh', settings.rejectRatioHigh);
  requireAtLeastZero('cpuHigh', settings.cpuHigh);
  requireRatio('growAboveUse', settings.growAboveUse);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  return settings;
}

function step(state: LatencyBandState, input: LatencyBandInput): Step<LatencyBandState, number> {
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs) ?? invalidity(input);
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  const next: LatencyBandState = {
    ...state,
    lastMs: nextLastMs(state.lastMs, input.nowMs),
    lastApplied: applied,
  };
  if (refused !== null) {
    const terms = { targetMs: state.config.targetMs, applied };
    return { state: next, output: { value: applied, reason: refused, terms } };
  }
  return { state: next, output: decide(state, input) };
}

function invalidity(input: LatencyBandInput): LawReason | null {
  if (input.p99Ms === null) {
    return 'no-evidence';
  }
  const possible =
    isMeasure(input.p99Ms) &&
    isMeasure(input.applied) &&
    isMeasure(input.rejectRatio ?? 0) &&
    isMeasure(input.cpu ?? 0) &&
    isMeasure(input.offeredPerSecond ?? 0);
  return possible ? null : 'invalid-measure';
}

function decide(state: LatencyBandState, input: LatencyBandInput): Decision<number> {
  const { config, lastMs } = state;
  const p99Ms = input.p99Ms as number;
  const [factor, reason] = verdictOn(config, input, p99Ms);
  const h = lastMs === null ? 1 : Math.min(1, (input.nowMs - lastMs) / config.everyMs);
  const stepFactor = h === 1 ? factor : tidy(factor ** h);
  const terms: { [name: string]: number } = {
    p99Ms,
    targetMs: config.targetMs,
    highMs: tidy(config.targetMs * (1 + config.band)),
    lowMs: tidy(config.targetMs * (1 - config.band)),
    factor: stepFactor,
    applied: input.applied,
  };
  if (isMeasure(input.rejectRatio)) {
    terms.rejectRatio = input.rejectRatio;
  }
  if (isMeasure(input.cpu)) {
    terms.cpu = input.cpu;
  }
  if (isMeasure(input.offeredPerSecond)) {
    terms.offeredPerSecond = input.offeredPerSecond;
  }
  return { value: tidy(input.applied * stepFactor), reason, terms };
}

function verdictOn(
  config: Required<LatencyBandConfig>,
  input: LatencyBandInput,
  p99Ms: number,
): readonly [factor: number, reason: LawReason] {
  if (p99Ms > config.targetMs * (1 + config.band)) {
    return [config.down, 'latency-high'];
  }
  if (p99Ms >= config.targetMs * (1 - config.band)) {
    return [1, 'within-band'];
  }
  if ((input.rejectRatio ?? 0) > config.rejectRatioHigh) {
    return [config.up, 'rejects-high'];
  }
  if ((input.cpu ?? 0) > config.cpuHigh) {
    return [1, 'cpu-high'];
  }
  if (
    isMeasure(input.offeredPerSecond) &&
    input.offeredPerSecond < config.growAboveUse * input.applied
  ) {
    return [1, 'limit-not-binding'];
  }
  return [config.up, 'latency-low'];
}

/**
 * Stable and panic: a slow mean for every day, a fast one for surges.
 *
 *     need(window) = ceil(mean(window) / (capacity x utilisation))
 *     wanted       = need, at least floor(ready / maxScaleDownRate),
 *                          at most ceil(ready x maxScaleUpRate)          ready counts as 1 at least
 *     panic        begins when need(panic window) / ready >= threshold, and begins anew each time
 *                  ends strictly later than one stable window after it last began
 *     stable:      value = wanted(stable window)
 *     panic:       value = the most that was wanted of either window since panic began,
 *                  and never below what is applied
 *
 * The test for panic takes the rounded need: 2 needed with 1 ready is 200 %. The mean is of
 * requests inside (concurrency) or of requests per second; requests inside grow without bound in
 * front of an overloaded fleet, so concurrency sees a surge even when no answer comes back.
 *
 * Both windows end where the evidence ends; a figure of the same evidence counts once; time in
 * which nothing was seen is left out, it is no 0. A law that starts with more than one replica
 * ready starts in panic, so that a window still short takes nothing away. Only what is ready is
 * reckoned with: what is starting is neither need nor capacity.
 *
 * Defaults: windows 60 s and 6 s, threshold 200 %, utilisation 0.7, up 1000-fold and down to half
 * in a step, least 1 replica: Knative's own. The windows are kept in at most 60 buckets of 1 s or
 * more.
 *
 * Regimes: stable, panic, holding without fresh evidence, following a hand.
 *
 * Stability: feed-forward on demand: at rest the need does not depend on the count, so it settles
 * for start-up times up to 90 s, seen every 2 s (stable-panic.sim.test.ts). With concurrency the
 * queue of an overload counts as need: nothing swings, but with a start-up of 90 s a step to three
 * times the load asks for ten times what it needs, where requests per second ask for just that.
 *
 * Source: knative, serving, pkg/autoscaler/scaling/autoscaler.go.
 */
import type { Decision, Step } from '../../../decision.ts';
import { isMeasure } from '../../../numbers.ts';
import type { Reason } from '../../../reasons.ts';
import { nextLastMs, refuse } from '../../refuse.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';
import {
  type StablePanicConfig,
  type StablePanicSettings,
  stablePanicSettings,
} from './stable-panic-config.ts';
import { meanOver, shiftWindow, startWindow, type Window, withFigure } from './window.ts';

/** Plain JSON. */
export interface StablePanicState {
  readonly config: StablePanicSettings;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
  /** Null: nothing was seen yet. */
  readonly window: Window | null;
  /** When panic last began; null: stable. */
  readonly panicMs: number | null;
  /** The most that was wanted since it began. */
  readonly peak: number;
}

export const stablePanic: ReplicaLaw<StablePanicConfig, StablePanicState> = {
  name: 'stablePanic',
  init: (config) => ({
    config: stablePanicSettings(config),
    lastMs: null,
    lastApplied: null,
    window: null,
    panicMs: null,
    peak: 0,
  }),
  step,
  retune: (state, config) => retuned(state, stablePanicSettings(config)),
};

/** Buckets of another length hold nothing that could be used. */
function retuned(state: StablePanicState, config: StablePanicSettings): StablePanicState {
  const { buckets, bucketMs, metric } = state.config;
  const fits =
    buckets === config.buckets && bucketMs === config.bucketMs && metric === config.metric;
  return { ...state, config, window: fits ? state.window : null };
}

function step(state: StablePanicState, input: ReplicaObservation): Step<StablePanicState, number> {
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  const refused =
    refuse(state.lastMs, input, state.config.evidenceMaxAgeMs) ?? lacking(state, input);
  const next = followed(state, input, applied);
  if (refused !== null) {
    return { state: next, output: { value: applied, reason: refused, terms: { applied } } };
  }
  const seen = withEvidence(next, input);
  return input.hand === true ? inHand(seen, applied) : decided(seen, input);
}

/** What is shared among the replicas. */
function sharedOf({ metric }: StablePanicSettings, input: ReplicaObservation): number | null {
  return metric === 'rps' ? input.ratePerSecond : input.inFlight;
}

function lacking(state: StablePanicState, input: ReplicaObservation) {
  const shared = sharedOf(state.config, input);
  if (shared === null) {
    return 'no-evidence';
  }
  return [shared, input.applied, input.ready].every(isMeasure) ? null : 'invalid-measure';
}

function followed(
  state: StablePanicState,
  input: ReplicaObservation,
  applied: number,
): StablePanicState {
  const { lastMs, window, panicMs } = state;
  const nowMs = nextLastMs(lastMs, input.nowMs);
  const byMs = lastMs !== null && nowMs !== null && nowMs < lastMs ? nowMs - lastMs : 0;
  return {
    config: state.config,
    lastMs: nowMs,
    lastApplied: isMeasure(input.applied) ? applied : state.lastApplied,
    window: window !== null && byMs < 0 ? shiftWindow(window, byMs) : window,
    panicMs: panicMs === null ? null : panicMs + byMs,
    peak: state.peak,
  };
}

function withEvidence(state: StablePanicState, input: ReplicaObservation): StablePanicState {
  const { config, window } = state;
  const shared = sharedOf(config, input) as number;
  const takenMs = input.nowMs - (input.evidenceAgeMs as number);
  if (window !== null) {
    return { ...state, window: withFigure(window, config, shared, takenMs) };
  }
  const panicMs = input.ready > 1 ? input.nowMs : state.panicMs;
  const peak = Math.max(state.peak, input.ready);
  return { ...state, window: startWindow(config, shared, takenMs), panicMs, peak };
}

/** A person's count ends the panic; it begins anew if the need still says so afterwards. */
function inHand(state: StablePanicState, applied: number): Step<StablePanicState, number> {
  return {
    state: { ...state, panicMs: null, peak: 0 },
    output: { value: applied, reason: 'tracking', terms: { applied } },
  };
}

function decided(
  state: StablePanicState,
  input: ReplicaObservation,
): Step<StablePanicState, number> {
  const { config } = state;
  const { nowMs, applied, ready } = input;
  const window = state.window as Window;
  const { target } = config;
  const stableMean = meanOver(window, config.buckets);
  const panicMean = meanOver(window, config.panicBuckets);
  const stableNeed = ceil(stableMean / target);
  const panicNeed = ceil(panicMean / target);
  const panicMs = panicSince(config, state.panicMs, { nowMs, ready, panicNeed });
  const stable = bounded(config, stableNeed, ready);
  const wanted = Math.max(stable, bounded(config, panicNeed, ready));
  const peak = panicMs === null ? 0 : Math.max(state.peak, wanted);
  const value = panicMs === null ? Math.max(config.minReplicas, stable) : Math.max(peak, applied);
  const terms = { stableMean, panicMean, stableNeed, panicNeed, target, peak, applied, ready };
  const reason = reasonOf({ value, applied, panics: panicMs !== null, stableMean });
  return {
    state: { ...state, panicMs, peak },
    output: { value, reason, terms } satisfies Decision<number>,
  };
}

function panicSince(
  config: StablePanicSettings,
  sinceMs: number | null,
  now: { readonly nowMs: number; readonly ready: number; readonly panicNeed: number },
): number | null {
  if (now.panicNeed / Math.max(1, now.ready) >= config.panicThreshold) {
    return now.nowMs;
  }
  return sinceMs !== null && now.nowMs - sinceMs > config.stableWindowMs ? null : sinceMs;
}

/** One step reaches only so far from what is ready. */
function bounded(config: StablePanicSettings, need: number, ready: number): number {
  const base = Math.max(1, ready);
  const least = floor(base / config.maxScaleDownRate);
  return Math.min(Math.max(need, least), ceil(base * config.maxScaleUpRate));
}

/** A whole number with the noise of binary fractions is that number. */
const NOISE = 1e-12;

function ceil(value: number): number {
  return Math.ceil(value * (1 - NOISE));
}

function floor(value: number): number {
  return Math.floor(value * (1 + NOISE));
}

function reasonOf(now: {
  readonly value: number;
  readonly applied: number;
  readonly panics: boolean;
  readonly stableMean: number;
}): Reason {
  if (now.panics) {
    return now.value > now.applied ? 'panic-up' : 'panic-hold';
  }
  if (now.value === now.applied) {
    return 'same-count';
  }
  return now.stableMean > 0 ? 'shared-need' : 'no-demand';
}

/**
 * Predictive scaling: the load that will be there when what is started now serves.
 *
 *     replicas = ceil(lambda c / rho)
 *     lambda   = max(rate now, highest forecast from now to now + etaMs + everyMs)
 *     c        = mean of utilization ready / rate          busy replica-seconds per request
 *
 * The forecast is the outlook's (trend, season found, Holt-Winters, calendar profile), and only
 * while one of these may be believed by its own past errors at this horizon. Otherwise lambda is
 * the rate now: the law is then the reactive one, which is never asked for less than now needs.
 * etaMs is the start-up time seen (`measure/startup.ts`), and until some start was seen the one
 * that was told. Errors are measured at one horizon, so it moves only when it is a quarter off.
 *
 * What leaves does so at once, so capacity goes only when neither now nor any moment up to the
 * horizon needs it.
 *
 * The cost is learned while the replicas are not saturated; when they are, use stands at its limit
 * whatever comes, so only a higher cost is believed; below a request in 100 s nothing is learned.
 * Before any cost is known the law holds.
 *
 * Defaults: rho 0.7 (queues are short for any usual service time); cost over 2 min, longer than
 * the noise of a window and shorter than a leak; start-up 30 s until one was seen; no calendar.
 * Regimes: forecast need, reactive need, no demand, following a hand, holding without evidence.
 * Stability: open loop in the rate. The one feedback is through c, which does not depend on the
 * number of replicas as long as work per request does not: then stable for any dead time.
 * Source: J. Little, 1961; the intelligence ladder of the mission's table, row 22.
 */
import type { Decision, Step, Terms } from '../../../decision.ts';
import { type Forecast, type OutlookState, outlook } from '../../../forecast/outlook.ts';
import { mostHorizonMs } from '../../../forecast/outlook-config.ts';
import { type EwmaState, initEwma, stepEwma } from '../../../measure/ewma.ts';
import { etaMs, initStartup, noteStartup, type StartupState } from '../../../measure/startup.ts';
import { isMeasure, tidy } from '../../../numbers.ts';
import type { LawReason } from '../../../reasons.ts';
import { nextLastMs, refuse } from '../../refuse.ts';
import { costOf, soberCost } from '../cost.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';
import {
  type PredictiveConfig,
  type PredictiveSettings,
  predictiveSettings,
} from './predictive-config.ts';

/** Plain JSON. */
export interface PredictiveState {
  readonly config: PredictiveSettings;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
  readonly outlook: OutlookState;
  readonly startup: StartupState;
  /** Start-up time that the outlook's horizon reckons with. */
  readonly etaMs: number;
  /** Busy replica-seconds per request. */
  readonly cost: EwmaState;
}

/** Share of the start-up time by which the one seen may differ before the horizon follows. */
const NEAR = 0.25;

export const predictiveReplicas: ReplicaLaw<PredictiveConfig, PredictiveState> = {
  name: 'predictive',
  init(config) {
    const settings = predictiveSettings(config);
    return {
      config: settings,
      lastMs: null,
      lastApplied: null,
      outlook: outlook.init(settings.forecast),
      startup: initStartup(),
      etaMs: settings.etaMs,
      cost: initEwma({ tauMs: settings.costTauMs }),
    };
  },
  step,
  retune(state, config) {
    const settings = predictiveSettings(config);
    const cost = { ...state.cost, tauMs: settings.costTauMs };
    const tuned = { ...state, config: settings, cost };
    return lookingAhead(tuned, startUpMs(tuned));
  },
};

function step(state: PredictiveState, input: ReplicaObservation): Step<PredictiveState, number> {
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  const lastMs = nextLastMs(state.lastMs, input.nowMs);
  const seen = { ...state, lastMs, lastApplied: applied };
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs) ?? invalidity(input);
  if (refused !== null) {
    return { state: seen, output: { value: applied, reason: refused, terms: { applied } } };
  }
  const rate = input.ratePerSecond as number;
  const learned = learn(seen, input, rate);
  if (input.hand === true) {
    return { state: learned, output: { value: applied, reason: 'tracking', terms: { applied } } };
  }
  const { cost } = learned;
  if (cost.mean === null && rate > 0) {
    return {
      state: learned,
      output: { value: applied, reason: 'no-evidence', terms: { applied } },
    };
  }
  return { state: learned, output: decide(learned, input, rate) };
}

function invalidity(input: ReplicaObservation): LawReason | null {
  if (input.ratePerSecond === null) {
    return 'no-evidence';
  }
  const sound =
    isMeasure(input.ratePerSecond) &&
    isMeasure(input.applied) &&
    isMeasure(input.ready) &&
    isMeasure(input.windowMs) &&
    (input.utilization === null || isMeasure(input.utilization));
  return sound ? null : 'invalid-measure';
}

/** The window's figures are of its middle. */
function learn(state: PredictiveState, input: ReplicaObservation, rate: number): PredictiveState {
  const atMs = input.nowMs - Math.max(0, input.evidenceAgeMs as number) - input.windowMs / 2;
  const noted = outlook.note(state.outlook, { atMs, value: rate });
  const startup = noteStartup(state.startup, input);
  const learned = { ...state, outlook: noted, startup, cost: learnCost(state, input, rate) };
  const nextMs = startUpMs(learned);
  return nextMs === state.etaMs ? learned : lookingAhead(learned, nextMs);
}

/** The one in force, unless what is seen is too far from it. */
function startUpMs({ config, startup, etaMs: inForceMs }: PredictiveState): number {
  const longestMs = mostHorizonMs(config.forecast) - config.everyMs;
  const seenMs = Math.min(longestMs, etaMs(startup, config.etaMs));
  const near = Math.abs(seenMs - inForceMs) <= NEAR * inForceMs;
  return near && startup.usualMs !== null ? inForceMs : seenMs;
}

function lookingAhead(state: PredictiveState, ownMs: number): PredictiveState {
  const { forecast, everyMs } = state.config;
  const ahead = outlook.retune(state.outlook, { ...forecast, horizonMs: ownMs + everyMs });
  return { ...state, etaMs: ownMs, outlook: ahead };
}

function learnCost(state: PredictiveState, input: ReplicaObservation, rate: number): EwmaState {
  const { utilization, ready, nowMs } = input;
  const value =
    utilization === null ? null : costOf({ ratePerSecond: rate, utilization, serving: ready });
  if (utilization === null || value === null) {
    return state.cost;
  }
  const known = state.cost.mean;
  const blunt = utilization >= state.config.saturated && known !== null && value <= known;
  // A clock that was set back must not end the learning until it has caught up.
  const lastMs = Math.min(state.cost.lastMs ?? nowMs, nowMs);
  const cost = known === null ? state.cost : { ...state.cost, lastMs };
  return blunt ? state.cost : stepEwma(cost, { nowMs, value: soberCost(known, value) });
}

function decide(state: PredictiveState, input: ReplicaObservation, rate: number): Decision<number> {
  const { utilization, everyMs } = state.config;
  const horizonMs = state.etaMs + everyMs;
  const ahead = outlook.highest(state.outlook, input.nowMs, input.nowMs + horizonMs);
  const forecastPerSecond = ahead.trusted ? (ahead.value ?? 0) : 0;
  const ratePerSecond = Math.max(rate, forecastPerSecond);
  const need = tidy((ratePerSecond * (state.cost.mean ?? 0)) / utilization);
  const terms: Terms = {
    ratePerSecond: rate,
    serviceTimeMs: (state.cost.mean ?? 0) * 1_000,
    utilization,
    need,
    horizonMs,
    ...forecastTerms(ahead),
    applied: input.applied,
  };
  const reason = forecastPerSecond > rate ? 'forecast-need' : 'capacity-need';
  return {
    value: Math.max(1, Math.ceil(need)),
    reason: need > 0 ? reason : 'no-demand',
    terms,
  };
}

/** Left out while no forecaster may be believed. */
function forecastTerms({ trusted, value, errorRatio }: Forecast): Terms {
  return trusted && value !== null && errorRatio !== null
    ? { forecastPerSecond: value, errorRatio }
    : {};
}

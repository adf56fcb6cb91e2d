/**
 * The default law: replicas for whoever states only an objective.
 *
 *     need = cost (forecast + margin + backlog) (1 + trim) / safe
 *
 * cost      replica-seconds a request takes, learned: busy replicas / arrivals
 * forecast  arrivals when what is ordered now is ready: level, trend or season (`demand.ts`)
 * margin    a share of that forecaster's own measured error at that horizon
 * backlog   requests that wait, spread over half a minute
 * safe      the utilisation at which latency still holds, learned (`safe-utilization.ts`)
 * trim      integral of log(p99 / objective), for what the model does not see
 *
 * Up: when the need is above what is applied (what is starting counts, for it is ready by then), in
 * one step to the need and a little more, since each cold replica costs tail latency. Down: to the
 * most that was needed in the hold time, or, when a season is trusted, that will be needed in it.
 *
 * Defaults: utilisation from 0.65, learned within 0.4 to 0.9 (it lies there by balancer, machines
 * and tail); start-up 30 s until it is measured; hold 2 min or twice the start-up, whichever is
 * longer; what is taken away is at least a tenth, so that noise moves nothing.
 * Regimes: follows demand up; met; held for what was needed lately; down; doubting figures that
 * contradict each other or fall silent at once; holding without evidence; tracking a hand.
 * Stability: the forward path is open loop (arrivals do not depend on replicas) and so stable for
 * any dead time; retries and the backlog close it with a gain below 1, the trim with a time constant
 * of minutes and at most +50 %. In simulation stable for start-up times from 1 s to 300 s,
 * see `autoscale.sim.test.ts`.
 * Source: J. Little, 1961 (need); own composition, judged in docs/control-quality.md.
 */
import type { Step, Terms } from '../../../decision.ts';
import { etaMs, initStartup, noteStartup, type StartupState } from '../../../measure/startup.ts';
import { isMeasure, tidy } from '../../../numbers.ts';
import type { LawReason } from '../../../reasons.ts';
import { meanServed, noteServed, type Served } from '../../pid/served.ts';
import { nextLastMs, refuse } from '../../refuse.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';
import { type AutoscaleConfig, type AutoscaleSettings, autoscaleSettings } from './config.ts';
import {
  type Demand,
  type Forecast,
  forecastDemand,
  NO_DEMAND,
  noteDemand,
  seasonalPeak,
} from './demand.ts';
import { type Doubt, doubtAfter, NO_DOUBT } from './doubt.ts';
import {
  learnSafe,
  NOTHING_LEARNED,
  type SafeUtilization,
  safeUtilization,
} from './safe-utilization.ts';

/** Plain JSON. */
export interface AutoscaleState {
  readonly settings: AutoscaleSettings;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
  /** End of the newest window that was learned from. */
  readonly evidenceMs: number | null;
  readonly served: Served;
  readonly startup: StartupState;
  /** Until when the newest replicas are cold. */
  readonly coldUntilMs: number;
  readonly demand: Demand;
  /** Replica-seconds per request; null before the first figure. */
  readonly cost: number | null;
  /** Usual time inside, milliseconds, by Little's law, in quiet times. */
  readonly insideMs: number | null;
  readonly safe: SafeUtilization;
  readonly trim: number;
  readonly doubt: Doubt;
  /** What was needed lately, oldest first. */
  readonly needs: readonly Need[];
}

interface Need {
  readonly atMs: number;
  readonly replicas: number;
}

/** Figures that are there and possible. */
interface Seen {
  readonly nowMs: number;
  readonly untilMs: number;
  readonly windowMs: number;
  readonly rate: number;
  readonly utilization: number;
  readonly inFlight: number | null;
  readonly strain: number | null;
  /** Replicas that were ready in the window, on average. */
  readonly serving: number;
  readonly applied: number;
}

const COST_TAU_MS = 60_000;
const INSIDE_TAU_MS = 300_000;
/** Above it work is cut off by capacity: what was done says less than what was asked for. */
const SATURATED = 0.92;
const COLD_MS = 30_000;
const MARGIN = 1;
const DRAIN_S = 30;
const OVERSHOOT = 1.05;
const LEAST_DOWN = 0.1;
const MOST_NEEDS = 64;
const TRIM_GAIN_PER_S = 0.002;
const TRIM_TAU_MS = 300_000;
const MOST_TRIM = 0.5;

export const autoscale: ReplicaLaw<AutoscaleConfig, AutoscaleState> = {
  name: 'autoscale',
  init: (config) => ({
    settings: autoscaleSettings(config),
    lastMs: null,
    lastApplied: null,
    evidenceMs: null,
    served: [],
    startup: initStartup(),
    coldUntilMs: 0,
    demand: NO_DEMAND,
    cost: null,
    insideMs: null,
    safe: NOTHING_LEARNED,
    trim: 0,
    doubt: NO_DOUBT,
    needs: [],
  }),
  step,
  retune: (state, config) => ({ ...state, settings: autoscaleSettings(config) }),
};

function step(state: AutoscaleState, input: ReplicaObservation): Step<AutoscaleState, number> {
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 1);
  const looked = lookAtFleet(state, input, applied);
  const refused = refuse(state.lastMs, input, state.settings.evidenceMaxAgeMs);
  if (refused !== null) return hold(looked, applied, refused);
  const seen = see(looked, input, applied);
  if (typeof seen === 'string') return hold(looked, applied, seen);
  const doubt = doubtAfter(looked.doubt, {
    nowMs: input.nowMs,
    usualRate: usualRate(looked.demand),
    usualCost: looked.cost,
    rate: seen.rate,
    utilization: seen.utilization,
    serving: seen.serving,
  });
  const doubting = { ...looked, doubt };
  if (doubt.sinceMs !== null) return hold(doubting, applied, 'doubtful');
  const learned = learn(doubting, seen);
  return decide(learned, seen, input.hand === true);
}

function hold(
  state: AutoscaleState,
  applied: number,
  reason: LawReason,
): Step<AutoscaleState, number> {
  return { state, output: { value: applied, reason, terms: { applied } } };
}

/** What the platform says of the replicas is true whatever telemetry says. */
function lookAtFleet(
  state: AutoscaleState,
  { nowMs, ready, starting }: ReplicaObservation,
  applied: number,
): AutoscaleState {
  if (!Number.isFinite(nowMs)) return state;
  const lastMs = nextLastMs(state.lastMs, nowMs);
  const known = { ...state, lastMs, lastApplied: applied };
  if (!isMeasure(ready) || !isMeasure(starting)) return known;
  const before = state.served.at(-1)?.ready;
  const grew = before !== undefined && ready > before;
  return {
    ...known,
    served: noteServed(state.served, changedAtMs(state, nowMs, ready), ready, KEPT_MS),
    startup: noteStartup(state.startup, { nowMs, applied, ready, starting }),
    coldUntilMs: grew ? nowMs + COLD_MS : Math.min(state.coldUntilMs, nowMs + COLD_MS),
  };
}

const KEPT_MS = 180_000;

/** Fewer serve right after a step that said so; more do at some instant between two looks. */
function changedAtMs({ served, lastMs }: AutoscaleState, nowMs: number, ready: number): number {
  const before = served.at(-1);
  if (before === undefined || lastMs === null || lastMs > nowMs) return nowMs;
  return Math.max(before.atMs + 1, ready < before.ready ? lastMs : (lastMs + nowMs) / 2);
}

function see(
  state: AutoscaleState,
  input: ReplicaObservation,
  applied: number,
): Seen | 'no-evidence' | 'invalid-measure' {
  const { ratePerSecond, utilization, inFlight, p99Ms, errorRatio, windowMs } = input;
  if (ratePerSecond === null || utilization === null) return 'no-evidence';
  const optional = [inFlight, p99Ms, errorRatio];
  const possible =
    isMeasure(ratePerSecond) &&
    isMeasure(utilization) &&
    isMeasure(windowMs) &&
    optional.every((figure) => figure === null || isMeasure(figure));
  if (!possible || !isMeasure(input.applied)) return 'invalid-measure';
  const untilMs = input.nowMs - Math.max(0, input.evidenceAgeMs as number);
  const serving = meanServed(state.served, untilMs - windowMs, untilMs, applied);
  return {
    nowMs: input.nowMs,
    untilMs,
    windowMs,
    rate: ratePerSecond,
    utilization: Math.min(1, utilization),
    inFlight,
    strain: strainOf(state.settings, p99Ms, errorRatio),
    serving,
    applied,
  };
}

/** The worst of what is promised, as a share of the promise; null: nothing is known. */
function strainOf(
  { p99Ms, errorRatio }: AutoscaleSettings,
  seenP99Ms: number | null,
  seenErrors: number | null,
): number | null {
  const latency = p99Ms === null || seenP99Ms === null ? null : seenP99Ms / p99Ms;
  const errors = seenErrors === null ? null : seenErrors / errorRatio;
  if (latency === null) return errors;
  return errors === null ? latency : Math.max(latency, errors);
}

function usualRate({ bins }: Demand): number {
  for (let index = bins.length - 1; index >= 0; index -= 1) {
    const value = bins[index];
    if (value !== null && value !== undefined) return value;
  }
  return 0;
}

/** Each window teaches once. */
function learn(state: AutoscaleState, seen: Seen): AutoscaleState {
  const { untilMs } = seen;
  const dtMs = state.evidenceMs === null ? null : untilMs - state.evidenceMs;
  if (dtMs !== null && dtMs < 500) return state;
  const demand = noteDemand(state.demand, {
    untilMs,
    perSecond: seen.rate,
    horizonMs: horizonMs(state, seen),
  });
  const cost = costAfter(state.cost, seen, dtMs);
  const quiet = seen.utilization < SATURATED;
  const inside =
    quiet && seen.inFlight !== null && seen.rate > 0
      ? blend(state.insideMs, (1_000 * seen.inFlight) / seen.rate, dtMs, INSIDE_TAU_MS)
      : state.insideMs;
  const warm = untilMs - seen.windowMs >= state.coldUntilMs;
  const safe =
    warm && seen.strain !== null && seen.rate > 0
      ? learnSafe(state.safe, { utilization: seen.utilization, strain: seen.strain })
      : state.safe;
  const trim = trimAfter(state, seen, { dtMs: dtMs ?? 0, warm });
  return { ...state, evidenceMs: untilMs, demand, cost, insideMs: inside, safe, trim };
}

function costAfter(before: number | null, seen: Seen, dtMs: number | null): number | null {
  if (seen.rate <= 0 || seen.serving <= 0) return before;
  const now = (seen.utilization * seen.serving) / seen.rate;
  if (seen.utilization >= SATURATED && before !== null && now < before) return before;
  return blend(before, now, dtMs, COST_TAU_MS);
}

function trimAfter(
  { trim }: AutoscaleState,
  { strain }: Seen,
  { dtMs, warm }: { readonly dtMs: number; readonly warm: boolean },
): number {
  const faded = trim * Math.exp(-dtMs / TRIM_TAU_MS);
  if (!warm || strain === null || strain <= 1) return faded;
  return Math.min(
    MOST_TRIM,
    faded + TRIM_GAIN_PER_S * Math.min(1, Math.log(strain)) * (dtMs / 1_000),
  );
}

function blend(before: number | null, now: number, dtMs: number | null, tauMs: number): number {
  if (before === null || dtMs === null) return now;
  return before + (now - before) * (1 - Math.exp(-dtMs / tauMs));
}

/** From the middle of the newest window to when an order of now is ready. */
function horizonMs(state: AutoscaleState, { nowMs, untilMs, windowMs }: Seen): number {
  return nowMs - untilMs + windowMs / 2 + etaMs(state.startup, state.settings.startupMs);
}

function decide(state: AutoscaleState, seen: Seen, hand: boolean): Step<AutoscaleState, number> {
  const { applied, nowMs } = seen;
  if (state.cost === null) return hold(state, applied, 'no-evidence');
  const { settings } = state;
  const forecast = forecastDemand(state.demand, seen.rate, horizonMs(state, seen), settings.terms);
  const parts = partsOf(state, seen, forecast);
  const need = Math.max(1, parts.need);
  const heldMs = Math.max(settings.holdMs, 2 * etaMs(state.startup, settings.startupMs));
  const needs = [
    ...state.needs.filter(({ atMs }) => nowMs - atMs <= heldMs),
    { atMs: nowMs, replicas: need },
  ].slice(-MOST_NEEDS);
  const kept = { ...state, needs };
  const terms = { ...parts.terms, applied };
  if (hand) return { state: kept, output: { value: applied, reason: 'tracking', terms } };
  if (Math.ceil(tidy(need)) > applied) {
    const value = Math.max(Math.ceil(tidy(need)), Math.round(need * OVERSHOOT));
    return { state: kept, output: { value, reason: 'demand-above', terms } };
  }
  const lately = latelyNeeded(kept, need, parts.perReplica, heldMs);
  const value = Math.ceil(tidy(lately));
  if (value < applied && lately <= applied * (1 - LEAST_DOWN)) {
    return {
      state: kept,
      output: { value, reason: 'demand-below', terms: { ...terms, lately: tidy(lately) } },
    };
  }
  const reason = need <= applied * (1 - LEAST_DOWN) ? 'needed-lately' : 'demand-met';
  return {
    state: kept,
    output: { value: applied, reason, terms: { ...terms, lately: tidy(lately) } },
  };
}

/** What may not be taken away: the most of the hold time, behind or, with a season, ahead. */
function latelyNeeded(
  { needs, demand, settings }: AutoscaleState,
  need: number,
  perReplica: number,
  heldMs: number,
): number {
  const peak = settings.terms.season ? seasonalPeak(demand, heldMs) : null;
  if (peak !== null) return Math.max(need, peak / perReplica);
  let most = need;
  for (const { replicas } of needs) most = Math.max(most, replicas);
  return most;
}

interface Parts {
  readonly need: number;
  /** Requests per second that one replica takes when it is as busy as is safe. */
  readonly perReplica: number;
  readonly terms: Terms;
}

function partsOf(state: AutoscaleState, seen: Seen, forecast: Forecast): Parts {
  const { settings, insideMs } = state;
  const { terms } = settings;
  const cost = state.cost as number;
  const safe = terms.safeUtilization
    ? safeUtilization(state.safe, settings.utilization)
    : settings.utilization.first;
  const margin = terms.margin ? MARGIN * forecast.error : 0;
  const usual = insideMs === null ? null : (seen.rate * insideMs) / 1_000;
  const waiting =
    terms.backlog && usual !== null && seen.inFlight !== null && seen.utilization >= SATURATED
      ? Math.max(0, seen.inFlight - 2 * usual)
      : 0;
  const trim = terms.trim ? state.trim : 0;
  const perReplica = safe / (cost * (1 + trim));
  const demand = Math.max(seen.rate, forecast.perSecond) + margin + waiting / DRAIN_S;
  const need = demand / perReplica;
  return {
    need,
    perReplica,
    terms: {
      ratePerSecond: tidy(seen.rate),
      forecastPerSecond: tidy(forecast.perSecond),
      marginPerSecond: tidy(margin),
      backlog: tidy(waiting),
      costSeconds: tidy(cost),
      safeUtilization: tidy(safe),
      trim: tidy(trim),
      need: tidy(need),
      startupMs: etaMs(state.startup, settings.startupMs),
      ...(terms.slowStart ? { slowStartMs: COLD_MS } : {}),
    },
  };
}

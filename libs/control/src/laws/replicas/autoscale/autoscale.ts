/**
 * The default law: replicas for whoever states only an objective.
 *
 *     need = cost (forecast + margin + backlog / 30 s) (1 + trim) / safe
 *     up   to (need + guess) (1.05 + harm)    when that is 4 % above what is applied
 *     down to the most needed in the hold     when that is a fifth below what is applied, or a
 *                                             tenth after 20 minutes without change
 *
 * cost      replica-seconds a request takes, learned: busy replicas / arrivals
 * forecast  arrivals when what is ordered now is ready: level, trend or season (`demand.ts`)
 * margin    that forecaster's own measured error at that very horizon
 * backlog   requests that wait
 * safe      the utilisation at which latency still holds, learned (`safe-utilization.ts`)
 * trim      integral of log(p99 / objective) while that is above 0, leaking over 5 min
 * guess     a jump seen in a window began somewhere in it: as much again may follow (`overload.ts`)
 * harm      0 to 0.15, by what cold replicas do to latency, learned: where they hurt, steps are
 *           few and large
 *
 * What is starting counts, for it is ready by the time that is looked ahead to; that time is the
 * measured start-up. With a trusted season the hold looks ahead instead of back. What is estimated
 * in an overload holds only while it lasts (`overload.ts`).
 *
 * Defaults: utilisation from 0.65, learned within 0.4 to 0.9 (it lies there by balancer, machines
 * and tail); start-up 30 s until it is measured; hold 4.5 min or 2.5 times the start-up, whichever
 * is longer; trim at most +50 %; seasons up to half an hour.
 * Regimes: up to demand; met; held for what was needed lately; down; doubting figures that
 * contradict each other or fall silent at once; holding without evidence; following a hand.
 * Stability: the forward path is open (arrivals do not depend on replicas) and so stable at any
 * dead time; retries close it with a gain below 1 that is learned, the trim with a time constant of
 * minutes. In simulation it settles for start-up times from 1 s to 300 s, see
 * `autoscale.sim.test.ts`.
 * Source: J. Little, 1961 (need); own composition, judged in docs/control-quality.md.
 */
import type { Step, Terms } from '../../../decision.ts';
import { initStartup, noteStartup } from '../../../measure/startup.ts';
import { isMeasure, tidy } from '../../../numbers.ts';
import type { LawReason } from '../../../reasons.ts';
import { noteServed } from '../../pid/served.ts';
import { nextLastMs, refuse } from '../../refuse.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';
import { type AutoscaleConfig, autoscaleSettings } from './config.ts';
import { type Demand, type Forecast, forecastDemand, NO_DEMAND, seasonalPeak } from './demand.ts';
import { doubtAfter, NO_DOUBT } from './doubt.ts';
import { learn } from './learning.ts';
import { mostNeeded, noteNeed } from './needs.ts';
import { hear, NO_ECHO, SATURATED } from './overload.ts';
import { NOTHING_LEARNED, safeUtilization } from './safe-utilization.ts';
import { type Believed, type Seen, see } from './seen.ts';
import { type AutoscaleState, horizonMs, rebased, startupMs } from './state.ts';

export type { AutoscaleState } from './state.ts';

/** How long a new replica is taken to be cold. */
const COLD_MS = 30_000;
/** Errors of the margin's forecaster that are held ready for. */
const MARGIN = 1;
const DRAIN_S = 30;
const OVERSHOOT = 0.05;
const HARM_SHARE = 0.6;
const MOST_HARM_STEP = 0.15;
/** What is taken away at least: less when nothing has changed for a while. */
const LEAST_DOWN = { restless: 0.2, steady: 0.1 } as const;
const STEADY_MS = 1_200_000;
/** What is added at least: a little more than is safe is not worth a cold replica. */
const LEAST_UP = 0.04;
const HOLD_STARTUPS = 2.5;
const SERVED_KEPT_MS = 180_000;

export const autoscale: ReplicaLaw<AutoscaleConfig, AutoscaleState> = {
  name: 'autoscale',
  init: (config) => ({
    settings: autoscaleSettings(config),
    lastMs: null,
    lastApplied: null,
    changedMs: null,
    evidenceMs: null,
    served: [],
    startup: initStartup(),
    coldUntilMs: 0,
    demand: NO_DEMAND,
    cost: null,
    insideMs: null,
    safe: NOTHING_LEARNED,
    trim: 0,
    harm: 0,
    echo: NO_ECHO,
    doubt: NO_DOUBT,
    needs: [],
  }),
  step,
  retune: (state, config) => ({ ...state, settings: autoscaleSettings(config) }),
};

function step(state: AutoscaleState, input: ReplicaObservation): Step<AutoscaleState, number> {
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 1);
  const looked = lookAtFleet(inStep(state, input.nowMs), input, applied);
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
  if (doubt.sinceMs !== null) {
    // What comes after a silence, half a window of it at first, teaches no more than other figures.
    const evidenceMs = doubt.kind === 'silence' ? seen.untilMs : looked.evidenceMs;
    return hold({ ...looked, doubt, evidenceMs }, applied, 'doubtful');
  }
  const heard = hear(looked.echo, {
    rate: seen.rate,
    utilization: seen.utilization,
    isStrained: seen.isStrained,
    calm: usualRate(looked.demand),
    usualJump: looked.demand.errors[0] ?? 0,
    isStarting: input.starting > 0,
  });
  const guess = state.settings.terms.guess ? heard.guess : 0;
  const believed: Believed = { ...seen, rate: heard.rate, guess };
  const learned = learn(looked, believed, { doubt, echo: heard.echo });
  return decide(learned, believed, input.hand === true);
}

/** A clock that went back takes what is remembered with it, or nothing new would count for long. */
function inStep(state: AutoscaleState, nowMs: number): AutoscaleState {
  const { lastMs } = state;
  return lastMs !== null && nowMs < lastMs ? rebased(state, lastMs - nowMs) : state;
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
  const isChanged = state.changedMs === null || applied !== state.lastApplied;
  const changedMs = isChanged ? nowMs : state.changedMs;
  if (!isMeasure(ready) || !isMeasure(starting)) {
    return { ...state, lastMs, lastApplied: applied, changedMs };
  }
  const before = state.served.at(-1)?.ready;
  const grew = before !== undefined && ready > before;
  return {
    ...state,
    lastMs,
    lastApplied: applied,
    changedMs,
    served: noteServed(state.served, changedAtMs(state, nowMs, ready), ready, SERVED_KEPT_MS),
    startup: noteStartup(state.startup, { nowMs, applied, ready, starting }),
    coldUntilMs: grew ? nowMs + COLD_MS : Math.min(state.coldUntilMs, nowMs + COLD_MS),
  };
}

/** Fewer serve right after a step that said so; more do at some instant between two looks. */
function changedAtMs({ served, lastMs }: AutoscaleState, nowMs: number, ready: number): number {
  const before = served.at(-1);
  if (before === undefined || lastMs === null || lastMs > nowMs) return nowMs;
  return Math.max(before.atMs + 1, ready < before.ready ? lastMs : (lastMs + nowMs) / 2);
}

function usualRate({ bins }: Demand): number {
  for (let index = bins.length - 1; index >= 0; index -= 1) {
    const value = bins[index];
    if (value !== null && value !== undefined) return value;
  }
  return 0;
}

function decide(
  state: AutoscaleState,
  seen: Believed,
  hand: boolean,
): Step<AutoscaleState, number> {
  const { applied, nowMs } = seen;
  const { cost, settings } = state;
  if (cost === null) return hold(state, applied, 'no-evidence');
  const isOverloaded = state.echo.overload !== null;
  const forecast = forecastDemand(state.demand, seen.rate, horizonMs(state, seen), {
    trend: settings.terms.trend && !isOverloaded,
    season: settings.terms.season,
  });
  const parts = partsOf(state, seen, { forecast, cost });
  const need = Math.max(1, parts.need);
  const heldMs = Math.max(settings.holdMs, HOLD_STARTUPS * startupMs(state));
  const needs = noteNeed(
    state.needs,
    { atMs: nowMs, replicas: need, isSure: !isOverloaded },
    heldMs,
  );
  const kept = { ...state, needs };
  const say = (value: number, reason: LawReason, lately?: number) => ({
    state: kept,
    output: { value, reason, terms: termsOf(state, seen, { forecast, cost, parts, lately }) },
  });
  if (hand) return say(applied, 'tracking');
  const wanted = tidy(Math.max(1, need + seen.guess / parts.perReplica));
  if (Math.ceil(wanted) > applied && wanted > applied * (1 + LEAST_UP)) {
    const value = Math.max(Math.ceil(wanted), Math.round(wanted * overshoot(state)));
    return say(value, 'demand-above');
  }
  const lately = tidy(latelyNeeded(kept, { need, perReplica: parts.perReplica, heldMs }));
  const isSteady = nowMs - (state.changedMs ?? nowMs) >= STEADY_MS;
  const enough = applied * (1 - (isSteady ? LEAST_DOWN.steady : LEAST_DOWN.restless));
  if (Math.ceil(lately) < applied && lately <= enough) {
    return say(Math.ceil(lately), 'demand-below', lately);
  }
  return say(applied, need <= enough ? 'needed-lately' : 'demand-met', lately);
}

function overshoot({ harm, settings }: AutoscaleState): number {
  if (!settings.terms.harm) return 1 + OVERSHOOT;
  return 1 + OVERSHOOT + Math.max(0, Math.min(MOST_HARM_STEP, HARM_SHARE * harm));
}

/** What may not be taken away: the most of the hold time, behind or, with a season, ahead. */
function latelyNeeded(
  { needs, demand, settings, echo }: AutoscaleState,
  now: { readonly need: number; readonly perReplica: number; readonly heldMs: number },
): number {
  const peak = settings.terms.season ? seasonalPeak(demand, now.heldMs) : null;
  if (peak !== null) return Math.max(now.need, peak / now.perReplica);
  return Math.max(now.need, mostNeeded(needs, echo.overload !== null));
}

/** What the need is made of. */
interface Parts {
  readonly need: number;
  /** Requests per second that one replica takes when it is as busy as is safe. */
  readonly perReplica: number;
  readonly safe: number;
  readonly margin: number;
  readonly backlog: number;
  readonly trim: number;
}

function partsOf(
  state: AutoscaleState,
  seen: Believed,
  { forecast, cost }: { readonly forecast: Forecast; readonly cost: number },
): Parts {
  const { settings } = state;
  const { terms } = settings;
  const safe = terms.safeUtilization
    ? safeUtilization(state.safe, settings.utilization)
    : settings.utilization.first;
  const margin = terms.margin ? MARGIN * forecast.error : 0;
  const backlog = terms.backlog ? backlogOf(state, seen) : 0;
  const trim = terms.trim ? state.trim : 0;
  const perReplica = safe / (cost * (1 + trim));
  const demand = Math.max(seen.rate, forecast.perSecond) + margin + backlog / DRAIN_S;
  return { need: demand / perReplica, perReplica, safe, margin, backlog, trim };
}

/** Every figure that the need came of, for those who want to see why. */
function termsOf(
  state: AutoscaleState,
  seen: Believed,
  told: {
    readonly forecast: Forecast;
    readonly cost: number;
    readonly parts: Parts;
    /** The most needed in the hold; left out where it was not asked for. */
    readonly lately: number | undefined;
  },
): Terms {
  const { forecast, cost, parts, lately } = told;
  const terms: Record<string, number> = {
    ratePerSecond: tidy(seen.rate),
    forecastPerSecond: tidy(forecast.perSecond),
    marginPerSecond: tidy(parts.margin),
    guessPerSecond: tidy(seen.guess),
    backlog: tidy(parts.backlog),
    costSeconds: tidy(cost),
    safeUtilization: tidy(parts.safe),
    trim: tidy(parts.trim),
    harm: tidy(state.harm),
    need: tidy(parts.need),
    startupMs: startupMs(state),
  };
  if (state.settings.terms.slowStart) terms.slowStartMs = COLD_MS;
  terms.applied = seen.applied;
  if (lately !== undefined) terms.lately = lately;
  return terms;
}

/** Who waits beyond twice the usual; where many give up, the wait ends by itself. */
function backlogOf({ insideMs }: AutoscaleState, { rate, utilization, inFlight, errors }: Seen) {
  if (insideMs === null || inFlight === null || utilization < SATURATED) return 0;
  const beyond = Math.max(0, inFlight - (2 * rate * insideMs) / 1_000);
  return beyond * Math.max(0, 1 - 10 * (errors ?? 0));
}

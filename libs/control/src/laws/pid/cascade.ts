/**
 * Cascade for a replica count: latency outside, utilisation inside.
 *
 *     outer, slow:  setpoint += outerGain (1 - min(p99 / target, 3))      per outerEveryMs
 *     inner, fast:  replicas by `pidReplicas`, from utilisation against that setpoint
 *
 * p99 is flat until a service is nearly full and then a wall: no gain fits both, and it reacts
 * late. Utilisation is nearly linear, so it is the fast loop's signal; how much of it is safe
 * differs from service to service (0.65 to 0.95), and that is what the slow loop finds out.
 *
 * The outer loop is held (not wound up) where its signal cannot tell what its own move would do:
 *     both ways    while capacity is on its way, and until p99's window lies wholly after the
 *                  last replica that began to serve
 *     downwards    while what the inner loop asks for is refused (limits, cooldown, approval), and
 *                  while utilisation is above its setpoint: first the inner loop has its turn
 *     upwards      while fewer replicas are refused, until p99's window lies after the last that
 *                  left, and while utilisation is below its setpoint: a good p99 of an idle
 *                  service says nothing of a busy one
 *
 * Dead time: what is on its way counts as serving for the inner loop, for it serves before anything
 * asked for now would. Its usual time is measured (`startupEstimator`); what is overdue by four
 * times that is not counted on any more, and is asked for again.
 *
 * Defaults: start at 0.6, within 0.3 to 0.85; outer every 60 s with gain 0.05 (from 0.6 to 0.5 in
 * one minute when p99 is three times its target, back in four at half of it); inner kp 1, ki 0,
 * resting within 10 % of its setpoint.
 * Regimes: both loops; outer held; inner resting, waiting for capacity, in hand, or blind.
 * Stability: the inner loop as `pidReplicas`; the outer one moves once in its period and only after
 * the inner one has settled, so their times cannot meet; no oscillation in simulation for start-up
 * times from 5 to 90 s with an outer gain up to 0.1 (cascade.sim.test.ts).
 * Source: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, section 12.4.
 */
import type { Step } from '../../decision.ts';
import {
  etaMs,
  initStartup,
  noteStartup,
  onTheirWay,
  type StartupState,
} from '../../measure/startup.ts';
import { isMeasure } from '../../numbers.ts';
import type { ReplicaLaw, ReplicaObservation } from '../replicas/observation.ts';
import {
  type CascadeConfig,
  type CascadeSettings,
  cascadeSettings,
  innerConfig,
  outerConfig,
} from './cascade-config.ts';
import { type PidReplicasInput, type PidReplicasState, pidReplicas } from './pid-replicas.ts';
import { type PidVelocityState, pidVelocity } from './pid-velocity.ts';

/** Plain JSON. */
export interface CascadeState {
  readonly config: CascadeSettings;
  readonly lastMs: number | null;
  readonly inner: PidReplicasState;
  readonly outer: PidVelocityState;
  readonly startup: StartupState;
  /** The outer loop's last turn. */
  readonly outerMs: number | null;
  /** The inner loop's last proposal; null: none that anybody could have refused. */
  readonly asked: number | null;
  readonly ready: number | null;
  /** When the number that serves last grew and shrank, as far as was seen. */
  readonly grewMs: number | null;
  readonly shrankMs: number | null;
}

/** p99 beyond this many targets says no more than this. */
const MOST_OVER = 3;

export const cascade: ReplicaLaw<CascadeConfig, CascadeState> = {
  name: 'cascade',
  init: (config) => {
    const settings = cascadeSettings(config);
    return {
      config: settings,
      lastMs: null,
      inner: pidReplicas.init(innerConfig(settings, settings.utilization, 0)),
      outer: pidVelocity.init(outerConfig(settings)),
      startup: initStartup(),
      outerMs: null,
      asked: null,
      ready: null,
      grewMs: null,
      shrankMs: null,
    };
  },
  step,
  retune: (state, config) => {
    const settings = cascadeSettings(config);
    const { setpoint, signalWindowMs } = state.inner.config;
    // What the outer loop has learned stays, unless somebody states a new beginning.
    const stated = settings.utilization !== state.config.utilization;
    const wanted = stated ? settings.utilization : setpoint;
    const kept = Math.min(settings.maxUtilization, Math.max(settings.minUtilization, wanted));
    return {
      ...state,
      config: settings,
      inner: pidReplicas.retune(state.inner, innerConfig(settings, kept, signalWindowMs)),
      outer: pidVelocity.retune(state.outer, outerConfig(settings)),
    };
  },
};

function step(state: CascadeState, input: ReplicaObservation): Step<CascadeState, number> {
  if (input.nowMs === state.lastMs || !Number.isFinite(input.nowMs)) {
    return {
      state,
      output: pidReplicas.step(state.inner, innerInput(state.startup, input)).output,
    };
  }
  const seen = watched(state, input);
  const turn = outerTurn(seen, input);
  const inner = pidReplicas.step(turn.inner, innerInput(seen.startup, input));
  const { reason, terms, value } = inner.output;
  const { config, startup } = seen;
  return {
    state: {
      config,
      lastMs: seen.lastMs,
      inner: inner.state,
      outer: turn.outer,
      startup,
      outerMs: turn.outerMs,
      asked: inner.state.asked === null ? null : value,
      ready: seen.ready,
      grewMs: seen.grewMs,
      shrankMs: seen.shrankMs,
    },
    output: {
      value,
      reason,
      terms: {
        ...terms,
        targetMs: config.targetMs,
        p99Ms: isMeasure(input.p99Ms) ? input.p99Ms : 0,
        etaMs: etaMs(startup, config.startupMs),
        outerHeld: turn.held ? 1 : 0,
      },
    },
  };
}

function innerInput(startup: StartupState, input: ReplicaObservation): PidReplicasInput {
  return {
    nowMs: input.nowMs,
    evidenceAgeMs: input.evidenceAgeMs,
    measured: input.utilization,
    applied: input.applied,
    ready: input.ready,
    starting: isMeasure(input.starting) ? onTheirWay(startup) : input.starting,
    hand: input.hand === true,
  };
}

/** What the platform did since the last look. */
function watched(state: CascadeState, input: ReplicaObservation): CascadeState {
  const { nowMs } = input;
  const ready = isMeasure(input.ready) ? input.ready : state.ready;
  const change = (ready ?? 0) - (state.ready ?? ready ?? 0);
  // After a step back of the clock no earlier instant can be compared with.
  const back = state.lastMs !== null && nowMs < state.lastMs;
  return {
    ...state,
    startup: noteStartup(state.startup, input),
    lastMs: nowMs,
    outerMs: back || state.outerMs === null ? nowMs : state.outerMs,
    ready,
    grewMs: back || change > 0 ? nowMs : state.grewMs,
    shrankMs: back || change < 0 ? nowMs : state.shrankMs,
  };
}

interface OuterTurn {
  readonly inner: PidReplicasState;
  readonly outer: PidVelocityState;
  readonly outerMs: number | null;
  /** It was its turn, and it was held. */
  readonly held: boolean;
}

function outerTurn(state: CascadeState, input: ReplicaObservation): OuterTurn {
  const { config, inner, outer, outerMs } = state;
  const { setpoint, signalWindowMs } = inner.config;
  const windowMs = isMeasure(input.windowMs) ? input.windowMs : signalWindowMs;
  const set = (value: number) =>
    value === setpoint && windowMs === signalWindowMs
      ? inner
      : pidReplicas.retune(inner, innerConfig(config, value, windowMs));
  const { nowMs } = input;
  if (nowMs - (outerMs ?? nowMs) < config.outerEveryMs) {
    return { inner: set(setpoint), outer, outerMs, held: false };
  }
  const { p99Ms, evidenceAgeMs } = input;
  const measured = isMeasure(p99Ms) ? Math.min(MOST_OVER, p99Ms / config.targetMs) : null;
  const move = pidVelocity.step(outer, { nowMs, evidenceAgeMs, measured, applied: setpoint });
  const goal = move.output.value;
  if (goal === setpoint || may(goal < setpoint ? 'lower' : 'raise', state, input, windowMs)) {
    return { inner: set(goal), outer: move.state, outerMs: nowMs, held: false };
  }
  // Its next turn counts for one period, however long it was held.
  return { inner: set(setpoint), outer, outerMs: nowMs, held: true };
}

/** Whether the outer loop's signal can tell what a move this way would do. */
function may(
  way: 'lower' | 'raise',
  state: CascadeState,
  input: ReplicaObservation,
  windowMs: number,
): boolean {
  const { config, inner, asked, grewMs, shrankMs } = state;
  const { utilization, applied } = input;
  if (input.hand === true || !isMeasure(utilization) || onTheirWay(state.startup) > 0) {
    return false;
  }
  const seenFromMs = input.nowMs - Math.max(0, input.evidenceAgeMs ?? 0) - windowMs;
  if (seenFromMs < (grewMs ?? seenFromMs)) {
    return false;
  }
  const { setpoint } = inner.config;
  if (way === 'lower') {
    const refused = (asked ?? applied) > applied;
    return !refused && utilization <= setpoint * (1 + config.settledBand);
  }
  const refused = (asked ?? applied) < applied;
  const leaving = seenFromMs < (shrankMs ?? seenFromMs);
  return !refused && !leaving && utilization >= setpoint * (1 - config.settledBand);
}

import type { Decision } from '../../decision.ts';
import { confirmed, type ReplicaBounds, replicaGuards } from '../../governor/guards.ts';
import { bound } from '../../guards/bound.ts';
import type { Confirmation } from '../../guards/confirm.ts';
import { type ActionHistory, NO_ACTIONS, recordAction } from '../../guards/history.ts';
import {
  type ReplicaLawKind,
  type ReplicaLawSpec,
  replicaLawOf,
} from '../../laws/replicas/law-of.ts';
import type { ReplicaObservation } from '../../laws/replicas/observation.ts';
import { Draws } from '../random.ts';
import { pick, type Weather } from './weather.ts';

/** A law with guards as a controller composes them, and how often it is asked. */
export interface Pilot {
  readonly everyS: number;
  /** Whether there is anything to take capacity away on: the figure the law cannot do without. */
  isBlind(observation: ReplicaObservation): boolean;
  decide(observation: ReplicaObservation): { decision: Decision<number>; proposed: number };
}

/** The laws that users may choose; HPA is what others are compared with. */
export const STORM_LAWS = ['autoscale', 'pid', 'stablePanic', 'capacity', 'predictive'] as const;
export type StormLaw = (typeof STORM_LAWS)[number];

const EVIDENCE_MAX_AGE_MS = 30_000;

interface Pace {
  readonly everyS: number;
  readonly bounds: Omit<ReplicaBounds, 'min' | 'max'>;
}

/** From the policy's defaults to the loosest that a policy may say. */
function paceOf(kind: ReplicaLawKind, draws: Draws): Pace {
  const isCareful = draws.uniform() < 0.4;
  const byLaw = kind === 'autoscale' || kind === 'stablePanic';
  const common = {
    dwellMs: 0,
    evidenceMaxAgeMs: EVIDENCE_MAX_AGE_MS,
    freeze: [],
    actionsPerHour: isCareful ? 12 : 1_000,
    reversalsPerHour: isCareful ? 6 : 1_000,
  };
  if (byLaw) {
    const steps = { stepUp: 10, stepDown: 1, cooldownUpMs: 0, cooldownDownMs: 0 };
    return { everyS: kind === 'autoscale' ? 5 : 2, bounds: { ...common, ...steps } };
  }
  if (isCareful) {
    const steps = { stepUp: 1, stepDown: 0.1, cooldownUpMs: 60_000, cooldownDownMs: 180_000 };
    return { everyS: kind === 'predictive' ? 15 : 30, bounds: { ...common, ...steps } };
  }
  return {
    everyS: pick(draws, [1, 5, 15, 30]),
    bounds: {
      ...common,
      stepUp: pick(draws, [0.5, 1, 10]),
      stepDown: pick(draws, [0.1, 0.3, 1]),
      cooldownUpMs: pick(draws, [0, 30_000, 60_000]),
      cooldownDownMs: pick(draws, [0, 30_000, 180_000]),
    },
  };
}

function specOf(kind: StormLaw, weather: Weather, pace: Pace, draws: Draws): ReplicaLawSpec {
  const evidenceMaxAgeMs = EVIDENCE_MAX_AGE_MS;
  const startupMs = 1_000 * Math.max(1, weather.startupS);
  const utilization = pick(draws, [0.5, 0.6, 0.7, 0.8]);
  switch (kind) {
    case 'autoscale': {
      const p99Ms = draws.uniform() < 0.3 ? null : 8 * weather.serviceMs;
      return { kind, config: { p99Ms, startupMs, evidenceMaxAgeMs } };
    }
    case 'pid':
      return {
        kind,
        config: {
          setpoint: utilization,
          ki: pick(draws, [0, 0.002, 0.01]),
          kd: pick(draws, [0, 0, 5]),
          everyMs: 1_000 * pace.everyS,
          signalWindowMs: 1_000 * weather.windowS,
          evidenceMaxAgeMs,
          ...(draws.uniform() < 0.5
            ? { hysteresis: { up: utilization + 0.1, down: utilization - 0.1 } }
            : {}),
        },
      };
    case 'stablePanic':
      return { kind, config: { capacity: weather.workers, utilization, evidenceMaxAgeMs } };
    case 'capacity':
      return {
        kind,
        config: { utilization, workersPerReplica: weather.workers, evidenceMaxAgeMs },
      };
    case 'predictive':
      return {
        kind,
        config: {
          etaMs: startupMs,
          everyMs: 1_000 * pace.everyS,
          utilization,
          evidenceMaxAgeMs,
        },
      };
  }
}

export interface PilotOptions {
  /** The limit above. */
  readonly most: number;
  /** A way down needs no confirmation: to see what the storm does then. */
  readonly unconfirmed: boolean;
}

export function pilotOf(
  kind: StormLaw,
  weather: Weather,
  { most, unconfirmed }: PilotOptions,
): Pilot {
  const draws = new Draws({ seed: weather.settingsSeed });
  const pace = paceOf(kind, draws);
  const law = replicaLawOf(specOf(kind, weather, pace, draws));
  const auto = { up: 'auto', down: 'auto' } as const;
  const bounds: ReplicaBounds = {
    ...pace.bounds,
    min: 2,
    max: most,
    ...(unconfirmed
      ? {}
      : { confirmDownMs: Math.max(60_000, 2_000 * (weather.windowS + pace.everyS)) }),
  };
  const guards = replicaGuards(bounds, auto);
  let state = law.init();
  let history: ActionHistory = NO_ACTIONS;
  let confirmation: Confirmation | undefined;
  let lastApplied: number | null = null;
  return {
    everyS: pace.everyS,
    isBlind: (seen) => {
      const figure = law.evidence(seen);
      const age = seen.evidenceAgeMs;
      const isFresh = age !== null && Math.abs(age) <= EVIDENCE_MAX_AGE_MS;
      return !isFresh || figure === null || !Number.isFinite(figure) || figure < 0;
    },
    decide: (seen) => {
      const { nowMs, applied, evidenceAgeMs } = seen;
      if (lastApplied !== null) {
        history = recordAction(history, { atMs: nowMs, from: lastApplied, to: applied });
      }
      lastApplied = applied;
      const step = law.step(state, seen);
      state = step.state;
      const { value } = step.output;
      const proposal = { observation: seen, evidence: law.evidence(seen), value };
      confirmation = confirmed(confirmation, bounds, proposal);
      const { decision } = bound(guards, step.output, {
        nowMs,
        applied,
        measured: law.evidence(seen),
        evidenceAgeMs,
        history,
        mode: null,
        frozen: [],
        hand: false,
        ...(confirmation === undefined ? {} : { confirmation }),
      });
      return { decision, proposed: value };
    },
  };
}

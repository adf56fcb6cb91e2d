/**
 * A replica loop as one machine: the law proposes, the guards bound, and what was applied since is
 * remembered as an action. For simulations, for replays of what was recorded, and for whoever
 * wants to judge a policy from outside; a controller that asks people first has its own memory of
 * actions and uses the same law and guards.
 */

import type { Decision } from '../decision.ts';
import type { Names } from '../explain.ts';
import { bound } from '../guards/bound.ts';
import type { Confirmation } from '../guards/confirm.ts';
import type { TrailEntry } from '../guards/guard.ts';
import { type ActionHistory, NO_ACTIONS, recordAction } from '../guards/history.ts';
import type { DirectionalAutonomy } from '../guards/number.ts';
import {
  type ReplicaLawSpec,
  type ReplicaLawState,
  replicaLawOf,
} from '../laws/replicas/law-of.ts';
import type { ReplicaObservation } from '../laws/replicas/observation.ts';
import { isMeasure } from '../numbers.ts';
import { confirmed, type ReplicaBounds, replicaGuards } from './guards.ts';

export interface GovernorConfig {
  readonly law: ReplicaLawSpec;
  readonly bounds: ReplicaBounds;
}

/** Plain JSON. */
export interface GovernorState {
  readonly law: ReplicaLawState;
  readonly history: ActionHistory;
  readonly lastApplied: number | null;
  readonly confirmation?: Confirmation;
}

export interface GovernorStep {
  readonly state: GovernorState;
  /** What is left of the proposal. */
  readonly output: Decision<number>;
  readonly proposed: Decision<number>;
  readonly trail: readonly TrailEntry[];
}

export interface Governor {
  /** The law's. */
  readonly name: string;
  init(): GovernorState;
  step(state: GovernorState, observation: ReplicaObservation): GovernorStep;
}

/** Nobody is asked: what the policy would do if it might. */
const ALONE: DirectionalAutonomy = { up: 'auto', down: 'auto' };

/** Throws a `ConfigError` when law or guards cannot work with their figures. */
export function governorOf(config: GovernorConfig, names: Names = {}): Governor {
  const law = replicaLawOf(config.law);
  const guards = replicaGuards(config.bounds, ALONE);
  return {
    name: law.name,
    init: () => ({ law: law.init(), history: NO_ACTIONS, lastApplied: null }),
    step: (state, observation) => {
      const history = noted(state, observation);
      const step = law.step(state.law, observation);
      const { nowMs, evidenceAgeMs, applied, hand = false } = observation;
      const evidence = law.evidence(observation);
      const { value } = step.output;
      const seen = { observation, evidence, value };
      const confirmation = confirmed(state.confirmation, config.bounds, seen);
      const { proposed, decision, trail } = bound(
        guards,
        step.output,
        {
          nowMs,
          applied,
          measured: evidence,
          evidenceAgeMs,
          history,
          mode: null,
          frozen: [],
          hand,
          ...(confirmation === undefined ? {} : { confirmation }),
        },
        names,
      );
      const lastApplied = isMeasure(applied) ? applied : state.lastApplied;
      const next = { law: step.state, history, lastApplied };
      return {
        state: confirmation === undefined ? next : { ...next, confirmation },
        output: decision,
        proposed,
        trail,
      };
    },
  };
}

/** An action shows in the next observation: by whomever it was taken, it counts. */
function noted(state: GovernorState, { nowMs, applied }: ReplicaObservation): ActionHistory {
  const { history, lastApplied: from } = state;
  if (from === null || !isMeasure(applied) || !Number.isFinite(nowMs)) return history;
  return recordAction(history, { atMs: nowMs, from, to: applied });
}

import type {
  ActionHistory,
  Confirmation,
  DirectionalAutonomy,
  FeedbackWeightsState,
  LatencyBandState,
  Mode,
  PidReplicasState,
  Playbook,
  ReplicaLawState,
  SlowStartState,
  Terms,
} from '@flyball/control';
import type { TargetState } from '../act/actuator.port.ts';
import type { Assessment } from '../orient/assess.ts';
import type { Counted } from './observation.ts';
import type { GuardNote, Knob, LoopName } from './words.ts';

/** What a loop remembers from tick to tick. Plain JSON: it is kept in PostgreSQL. */
export interface LoopMemory {
  readonly law: PidReplicasState | ReplicaLawState | LatencyBandState | FeedbackWeightsState | null;
  readonly lastTickMs: number | null;
  readonly history: ActionHistory;
  /** The target's version as this controller knows it; another one is a foreign hand. */
  readonly knownVersion: string | null;
  /** Set: somebody must look before the loop goes on. */
  readonly stopped: { readonly reason: string; readonly atMs: number } | null;
  /** Replicas, for laws whose way down has to be confirmed. */
  readonly confirmation?: Confirmation;
  /** Replicas, for laws that rest on the rate of requests. */
  readonly counted?: Counted;
  /** Weights, where the replicas' law asks to spare those that are cold. */
  readonly slowStart?: SlowStartState;
  /** Rate loops: what was asked, and the law's own value before the playbook's share of it. */
  readonly asked: { readonly value: number; readonly base: number } | null;
}

export const NO_MEMORY: LoopMemory = {
  law: null,
  lastTickMs: null,
  history: { actions: [] },
  knownVersion: null,
  stopped: null,
  asked: null,
};

export interface LoopInput {
  readonly nowMs: number;
  readonly assessment: Assessment;
  readonly target: TargetState;
  readonly mode: Mode | null;
  readonly playbook: Playbook;
  readonly autonomy: DirectionalAutonomy;
  /** Automation is stopped, or the loop is: the law only follows. */
  readonly hand: boolean;
  readonly memory: LoopMemory;
}

/** What one tick of a loop came to. */
export interface LoopDecision {
  readonly loop: LoopName;
  readonly law: string;
  readonly setpoint: number | null;
  readonly measured: number | null;
  readonly terms: Terms;
  readonly proposed: Knob;
  readonly bounded: Knob;
  readonly applied: Knob;
  readonly reason: string;
  readonly text: string;
  readonly evidenceAgeMs: number | null;
  /** Nothing that counts could be known of the signal: what is decided does not rest on it. */
  readonly isBlind: boolean;
  readonly guards: readonly GuardNote[];
  readonly memory: LoopMemory;
}

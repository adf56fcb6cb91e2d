import type { Automation } from '@flyball/contract';
import type { DirectionalAutonomy, Knob } from '@flyball/control';
import type { ProposalContent } from './content.ts';

export const DESK = Symbol('Desk');

/** A proposal that waits for people. */
export interface Pending {
  readonly id: string;
  readonly content: ProposalContent;
}

/** An action that came to its end. */
export interface Finished {
  readonly id: string;
  readonly loopId: string;
  readonly state: 'succeeded' | 'failed' | 'refused';
  readonly before: Knob;
  readonly after: Knob;
  readonly version: string | null;
  readonly finishedAtMs: number;
}

/** An action whose effect is still to be judged. */
export interface Unjudged {
  readonly id: string;
  readonly content: ProposalContent;
  readonly finishedAtMs: number;
}

export interface AutonomyOverride {
  readonly autonomy: DirectionalAutonomy;
  readonly setAtMs: number;
  /** False: the controller lowered it after harm. */
  readonly byPerson: boolean;
}

export interface DeskView {
  readonly automation: Automation;
  readonly pending: ReadonlyMap<string, Pending>;
  /** Loops with an action that is queued or running. */
  readonly open: ReadonlySet<string>;
  /** Since the last look, oldest first. */
  readonly finished: readonly Finished[];
  readonly unjudged: readonly Unjudged[];
  /** Autonomy set at run time, by loop id. */
  readonly autonomy: ReadonlyMap<string, AutonomyOverride>;
  /** Past predictions by loop id. */
  readonly trackRecord: ReadonlyMap<string, { met: number; judged: number }>;
}

export interface Judgement {
  readonly state: 'helped' | 'no-effect' | 'harmed' | 'not-judged';
  readonly text: string;
}

/** Where loops lay down what they want, and find what became of it. */
export interface Desk {
  /** `sinceMs`: actions finished after it are told. */
  look(sinceMs: number): Promise<DeskView>;
  /** Replaces the loop's pending proposal. `approvedBy` set: nobody is asked. */
  propose(content: ProposalContent, approvedBy: string | null, fence: number): Promise<void>;
  withdraw(id: string, why: string): Promise<void>;
  judge(actionId: string, judgement: Judgement): Promise<void>;
  /** A loop that did harm does no more than this from now on. */
  lowerAutonomy(loopId: string, to: DirectionalAutonomy, why: string): Promise<void>;
}

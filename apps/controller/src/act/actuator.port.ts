import type { Knob } from '@flyball/contract';

/** A knob in the world, as it stands. */
export interface TargetState {
  /** Changes with every change of the target, whoever made it. */
  readonly version: string;
  /** What the target was last told. */
  readonly value: Knob;
  /** What the enforcers say they apply; equals `value` once it has taken hold. */
  readonly inForce: Knob;
  /** Replicas that serve, and that are on their way; null where it makes no sense. */
  readonly ready: number | null;
  readonly starting: number | null;
  readonly observedAtMs: number;
}

export interface Change {
  readonly value: Knob;
  /** The target's version the decision was made on. */
  readonly expectedVersion: string;
  /** The proposal's id: the same one changes nothing twice. */
  readonly idempotencyKey: string;
  readonly by: string;
}

/** The target said no, and why. Trying again with the same change is useless. */
export class Refusal extends Error {
  constructor(
    readonly kind: 'version-moved' | 'stale-fence' | 'not-leader' | 'invalid',
    message: string,
  ) {
    super(message);
  }
}

/** One knob of one service. All calls have a time-out and may be repeated. */
export interface Actuator {
  /** @throws when the target is away. */
  read(): Promise<TargetState>;
  /** @throws Refusal, or any other error when it is not known whether the change was made. */
  apply(change: Change, fence: number): Promise<TargetState>;
  /** Reads back until the change has taken hold, or says within bounded time that it has not. */
  verify(applied: TargetState): Promise<TargetState>;
}

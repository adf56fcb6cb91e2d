import type { Decision } from '../decision.ts';
import type { Reason } from '../reasons.ts';

/**
 * A machine that is asked about single calls: breakers, limiters, bulkheads, queues. It decides and
 * remembers; whoever calls it lets the call pass or turns it away.
 *
 * The state is plain JSON and one value: taking the old one, stepping and storing the new one in
 * one compare-and-set makes checking and taking one act, in a process as in a shared store. To ask
 * without taking, throw the new state away.
 */
export interface Machine<Config, State, Input extends MachineInput, Output> {
  readonly name: string;
  /** Throws a `ConfigError` that names field, value and the bound it broke. */
  init(config: Config): State;
  step(state: State, input: Input): MachineStep<State, Output>;
  /** New configuration; the memory is kept. */
  retune(state: State, config: Config): State;
}

export interface MachineInput {
  /**
   * Milliseconds since the epoch, by the caller's clock. Several inputs may share an instant. When
   * the clock goes back it is believed: remembered instants that would lie ahead become now.
   */
  readonly nowMs: number;
}

export interface MachineStep<State, Output> {
  readonly state: State;
  readonly output: Output;
}

/** `value` true: what was asked for is granted, what was reported is accepted. */
export interface Admission extends Decision<boolean> {
  /**
   * How long to wait before it is worth asking again (Retry-After). 0 when granted; null when
   * waiting does not help, or nobody can say how long.
   */
  readonly waitMs: number | null;
}

/** The answer to an impossible figure: no, and nothing is remembered of it. */
export const IMPOSSIBLE: Admission = {
  value: false,
  reason: 'invalid-measure',
  terms: {},
  waitMs: null,
};

export function granted(reason: Reason, terms: Admission['terms']): Admission {
  return { value: true, reason, terms, waitMs: 0 };
}

/** `waitMs` joins the terms where it is known. */
export function refused(
  reason: Reason,
  waitMs: number | null,
  terms: Admission['terms'],
): Admission {
  return { value: false, reason, terms: waitMs === null ? terms : { ...terms, waitMs }, waitMs };
}

/** What a call takes. */
export function isCost(cost: number): boolean {
  return Number.isFinite(cost) && cost > 0;
}

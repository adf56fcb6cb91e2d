import type { Reason } from './reasons.ts';

/** A knob's position: one number, or one number per instance (weights). Plain JSON. */
export type Knob = number | { readonly [instance: string]: number };

/** Named figures a decision rests on: the dashboard shows them and never recomputes them. */
export type Terms = { readonly [name: string]: number };

/**
 * What a law proposes or a guard leaves of it. `value` is always a usable position of the knob:
 * a decision to do nothing carries the value already applied, with the reason why.
 */
export interface Decision<Value> {
  readonly value: Value;
  readonly reason: Reason;
  /** Finite numbers only, units last in their names. */
  readonly terms: Terms;
}

export interface Step<State, Value> {
  readonly state: State;
  readonly output: Decision<Value>;
}

/**
 * A control law as a pure machine. The state is plain JSON: it survives
 * `JSON.parse(JSON.stringify(state))` at any moment and goes on identically.
 * Time comes with the input; nothing in here reads the world.
 */
export interface Law<Config, State, Input, Value> {
  readonly name: string;
  /** Throws a `ConfigError` that names field, value and the bound it broke. */
  init(config: Config): State;
  step(state: State, input: Input): Step<State, Value>;
  /** New configuration without a jump in the output; the memory is kept. */
  retune(state: State, config: Config): State;
}

/** What every law's input carries. */
export interface LawInput {
  /** Milliseconds since the epoch, by the caller's clock. */
  readonly nowMs: number;
  /** Age of the oldest figure in this input; null: there is no evidence at all. */
  readonly evidenceAgeMs: number | null;
}

/** Positions are equal: the same number, or the same numbers for the same instances. */
export function sameKnob(a: Knob, b: Knob): boolean {
  if (typeof a === 'number' || typeof b === 'number') {
    return a === b;
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

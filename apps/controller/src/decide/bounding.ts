import {
  type Bounded,
  bound,
  type Decision,
  explain,
  type Guard,
  type GuardContext,
  type Knob,
  type Names,
} from '@flyball/control';
import type { GuardNote } from './words.ts';

export interface Outcome<Value extends Knob> {
  readonly bounded: Bounded<Value>;
  readonly notes: readonly GuardNote[];
  /** Why the value is what it is, as a sentence. */
  readonly text: string;
}

/** Runs the guards and tells what each one said, those that had nothing to say included. */
export function runGuards<Value extends Knob>(
  guards: readonly Guard<Value>[],
  proposed: Decision<Value>,
  context: GuardContext<Value>,
  names: Names,
): Outcome<Value> {
  const bounded = bound(guards, proposed, context, names);
  const notes: GuardNote[] = [];
  for (const guard of guards) {
    const entry = bounded.trail.find(({ guard: name }) => name === guard.name);
    notes.push({
      guard: guard.name,
      before: entry === undefined ? null : scalar(entry.before),
      after: entry === undefined ? null : scalar(entry.after),
      effect: entry?.effect ?? 'passed',
      text: entry?.text ?? 'Nothing to object.',
    });
    if (entry?.effect === 'held') break;
  }
  return { bounded, notes, text: explain(bounded.decision, names) };
}

function scalar(value: Knob): number | null {
  return typeof value === 'number' ? value : null;
}

import { type Decision, type Knob, sameKnob, type Terms } from '../decision.ts';
import { explain, type Names } from '../explain.ts';
import type { GuardReason } from '../reasons.ts';
import type { Bounded, Direction, Guard, GuardContext, TrailEntry, Verdict } from './guard.ts';

/**
 * Propose, then bound: runs the guards in order over a law's proposal. A guard that holds ends the
 * chain, for nothing is left to bound; a guard that bounds or keeps passes its value on. What each
 * did is in the trail, so that order and effect can be read.
 */
export function bound<Value extends Knob>(
  guards: readonly Guard<Value>[],
  proposed: Decision<Value>,
  context: GuardContext<Value>,
  names: Names = {},
): Bounded<Value> {
  const trail: TrailEntry<Value>[] = [];
  let decision = proposed;
  for (const guard of guards) {
    const verdict = guard.judge(decision, context);
    if (verdict.kind === 'pass') {
      continue;
    }
    const before = decision.value;
    const after = verdict.kind === 'bound' ? verdict.value : context.applied;
    if (verdict.kind === 'bound' && sameKnob(before, after)) {
      continue;
    }
    decision = changed(decision, after, verdict.reason, {
      ...numbersOf(before, context.applied),
      ...verdict.terms,
    });
    const effect = verdict.kind === 'hold' ? 'held' : 'bounded';
    const text = explain(decision, names);
    trail.push({ guard: guard.name, before, after, effect, reason: verdict.reason, text });
    if (verdict.kind === 'hold') {
      break;
    }
  }
  return { proposed, decision, trail };
}

/** Null: the value is what is applied. */
export function directionOf(value: number, applied: number): Direction | null {
  if (value === applied) {
    return null;
  }
  return value > applied ? 'up' : 'down';
}

export const PASS: Verdict<never> = { kind: 'pass' };

function changed<Value extends Knob>(
  decision: Decision<Value>,
  value: Value,
  reason: GuardReason,
  terms: Terms,
): Decision<Value> {
  return { value, reason, terms: { ...decision.terms, ...terms } };
}

function numbersOf(proposed: Knob, applied: Knob): Terms {
  const finite = (name: string, value: Knob) =>
    typeof value === 'number' && Number.isFinite(value) ? { [name]: value } : {};
  return { ...finite('proposed', proposed), ...finite('applied', applied) };
}

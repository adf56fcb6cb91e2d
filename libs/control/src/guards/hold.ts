/**
 * Guards that let a change through or do not: whose hand, how old the evidence, which mode, which
 * hour. They work for every kind of knob.
 */
import { requirePositive } from '../config.ts';
import { type Decision, type Knob, sameKnob } from '../decision.ts';
import { directionOf, PASS } from './bound.ts';
import { type FreezeWindow, isFrozenAt } from './freeze-window.ts';
import type { Direction, GuardContext, HoldGuard, Verdict } from './guard.ts';

/** While a person has the knob the loop changes nothing. */
export function handControl(): HoldGuard {
  return {
    name: 'handControl',
    judge: (_decision, context) => (context.hand ? { kind: 'hold', reason: 'hand-control' } : PASS),
  };
}

/** Evidence that is missing, too old, or from a clock far ahead: hold. */
export function evidenceAge(config: { readonly maxAgeMs: number }): HoldGuard {
  const { maxAgeMs } = config;
  requirePositive('evidenceMaxAge', maxAgeMs);
  return {
    name: 'evidenceAge',
    judge: (_decision, { evidenceAgeMs: ageMs }) => {
      if (ageMs === null || !Number.isFinite(ageMs)) {
        return { kind: 'hold', reason: 'evidence-missing' };
      }
      return Math.abs(ageMs) > maxAgeMs
        ? { kind: 'hold', reason: 'evidence-stale', terms: { ageMs, maxAgeMs } }
        : PASS;
    },
  };
}

/** What the playbook of the present mode freezes; a map of weights only when both ways are. */
export function modeFreeze(): HoldGuard {
  return {
    name: 'modeFreeze',
    judge: (decision, context) =>
      isFrozen(decision, context) ? { kind: 'hold', reason: 'frozen-by-mode' } : PASS,
  };
}

function isFrozen(decision: Decision<Knob>, context: GuardContext<Knob>): boolean {
  const { frozen, applied } = context;
  if (typeof decision.value === 'number' && typeof applied === 'number') {
    const direction = directionOf(decision.value, applied);
    return direction !== null && frozen.includes(direction);
  }
  const everything: readonly Direction[] = ['up', 'down'];
  return everything.every((direction) => frozen.includes(direction));
}

/** Nothing changes while one of the windows is open, in the window's own local time. */
export function freezeWindow(windows: readonly FreezeWindow[]): HoldGuard {
  return {
    name: 'freezeWindow',
    judge: (decision, context): Verdict<never> => {
      if (sameKnob(decision.value, context.applied)) {
        return PASS;
      }
      const open = windows.some((window) => isFrozenAt(window, context.nowMs));
      return open ? { kind: 'hold', reason: 'freeze-window' } : PASS;
    },
  };
}

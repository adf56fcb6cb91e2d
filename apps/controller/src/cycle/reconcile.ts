import type { Autonomy, Knob } from '@flyball/contract';
import { autonomyOf, type DirectionalAutonomy, sameKnob } from '@flyball/control';
import type { Pending } from '../approve/desk.port.ts';
import type { LoopDecision } from '../decide/loop.ts';

/** What a decision means for the proposals of its loop. */
export type Intent =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'shadow' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'propose'; readonly autonomy: Autonomy; readonly approvedBy: string | null }
  | { readonly kind: 'withdraw'; readonly id: string; readonly why: string };

export interface ReconcileInput {
  readonly decision: LoopDecision;
  readonly autonomy: DirectionalAutonomy;
  readonly pending: Pending | null;
  /** An action of this loop is queued or running. */
  readonly open: boolean;
  /** Set: nothing may be done, and why. */
  readonly stopped: string | null;
  readonly targetVersion: string;
  /** Ticks in a row, this one included, in which the loop wanted nothing. */
  readonly quietTicks: number;
  /** Ticks in a row in which it wanted another value than the pending one. */
  readonly divergentTicks: number;
}

/** A proposal people may be reading is replaced only by a wish that has lasted this long. */
const DIVERGENT_TICKS = 3;
const NEAR = 0.25;
/** A wish that is gone for one tick may be back at the next. */
const QUIET_TICKS = 2;

/** Whether the loop wants its knob elsewhere. */
export function wantsChange({ bounded, applied }: LoopDecision): boolean {
  return !sameKnob(bounded, applied);
}

export function reconcile(input: ReconcileInput): Intent {
  const { decision, pending, open, stopped, quietTicks } = input;
  if (stopped !== null) return gone(pending, stopped);
  if (open) return { kind: 'nothing' };
  if (!wantsChange(decision)) {
    if (pending === null) return { kind: 'nothing' };
    // Without evidence nobody knows whether the reason is gone: it waits for its expiry.
    if (decision.isBlind) return { kind: 'keep' };
    return quietTicks < QUIET_TICKS ? { kind: 'keep' } : gone(pending, decision.text);
  }
  const autonomy = wordFor(input.autonomy, decision);
  switch (autonomy) {
    case 'off':
      return gone(pending, 'the loop is off by now');
    case 'shadow':
      return pending === null ? { kind: 'shadow' } : gone(pending, 'the loop is a shadow by now');
    case 'auto':
      return { kind: 'propose', autonomy, approvedBy: 'policy:auto' };
    case 'ask':
      return pending !== null && stillFits(input, pending)
        ? { kind: 'keep' }
        : { kind: 'propose', autonomy, approvedBy: null };
  }
}

function gone(pending: Pending | null, why: string): Intent {
  return pending === null ? { kind: 'nothing' } : { kind: 'withdraw', id: pending.id, why };
}

function wordFor(autonomy: DirectionalAutonomy, { applied, bounded }: LoopDecision): Autonomy {
  return typeof applied === 'number' && typeof bounded === 'number'
    ? autonomyOf(autonomy, applied, bounded)
    : autonomy.up;
}

/** The same target, the same direction, and not for long quite another value. */
function stillFits(input: ReconcileInput, { content }: Pending): boolean {
  const { decision, targetVersion, divergentTicks } = input;
  if (content.preconditions.targetVersion !== targetVersion) return false;
  if (isNear(content.after, decision.bounded)) return true;
  // What was proposed on evidence, and goes as far, is better than what is asked for without any.
  if (decision.isBlind && reaches(content.after, decision)) return true;
  const turned =
    direction(content.before, content.after) !== direction(decision.applied, decision.bounded);
  return !turned && divergentTicks < DIVERGENT_TICKS;
}

/** Rounding and noise move a wish about; only a quarter more or less is another one. */
function isNear(pending: Knob, wish: Knob): boolean {
  if (typeof pending !== 'number' || typeof wish !== 'number') return sameKnob(pending, wish);
  return Math.abs(wish - pending) <= NEAR * pending;
}

/** Whether a pending change goes the same way, and as far or further. */
function reaches(pending: Knob, { applied, bounded }: LoopDecision): boolean {
  const way = direction(applied, bounded);
  return way !== 0 && way * (Number(pending) - Number(bounded)) >= 0;
}

function direction(before: Knob, after: Knob): number {
  return typeof before === 'number' && typeof after === 'number' ? Math.sign(after - before) : 0;
}

/**
 * A way down has to be confirmed.
 *
 *     floor = the most that was proposed in the last holdMs of trusted time
 *
 * A proposal counts as no less than the replicas that are kept fully busy (utilisation x ready),
 * and as all that are applied when utilisation is 95 % or more: whatever a law makes of its
 * figures, what works is not taken away.
 *
 * Trusted time stands still while a figure is exactly zero, for at most `believeAfterMs`: zero in
 * place of a value looks like a service that nobody calls any more. Nothing is taken away then, nor
 * while evidence is missing, too old or impossible. At the first look, and at the first after a
 * silence or after more than holdMs without sight, what is applied counts as proposed: a window may
 * be half filled with zeros then, and what was proposed before is long ago. A silence that comes
 * and goes adds up until there was none for holdMs.
 *
 * Defaults: holdMs 60 s; at least twice the figures' window and the loop's period together, so that
 * two windows in a row that are half filled with silence do not confirm each other. A silence is
 * believed after 15 min: idle replicas cost little, and taking them away from a service that is
 * only not seen costs all.
 *
 * Regimes: confirmed, waiting for a lower value to last, doubting a silence.
 */
import { requireAtLeastZero, requirePositive } from '../config.ts';
import { isMeasure, tidy } from '../numbers.ts';
import { PASS } from './bound.ts';
import type { Guard, Verdict } from './guard.ts';

export interface ConfirmConfig {
  /** A lower value has to be proposed for this long. Default 60 s. */
  readonly holdMs?: number;
  /** Figures that are zero for this long are believed. Default 15 min. */
  readonly believeAfterMs?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

/** What was proposed lately, oldest first. Plain JSON, bounded. */
export interface Confirmation {
  readonly lastMs: number | null;
  /** Trusted time. */
  readonly trustedMs: number;
  /** Figures have been zero for so long. */
  readonly silentMs: number;
  /** What the last look was worth: a silence that is believed is sound. */
  readonly look: 'sound' | 'silent' | 'blind';
  /** Trusted time since then. */
  readonly soundMs: number;
  /** Nothing could be trusted for so long, silence apart. */
  readonly blindMs: number;
  /** By spans of trusted time, the most of each. */
  readonly proposed: readonly ProposedSpan[];
}

export interface ProposedSpan {
  readonly atMs: number;
  readonly value: number;
  /** Replicas that served. */
  readonly ready: number;
}

export const NOTHING_CONFIRMED: Confirmation = {
  lastMs: null,
  trustedMs: 0,
  silentMs: 0,
  look: 'sound',
  soundMs: 0,
  blindMs: 0,
  proposed: [],
};

const SPANS = 16;
const SATURATED = 0.95;

function settingsOf(config: ConfirmConfig): Required<ConfirmConfig> {
  const { holdMs = 60_000, believeAfterMs = 900_000, evidenceMaxAgeMs = 30_000 } = config;
  requirePositive('confirm.holdMs', holdMs);
  requireAtLeastZero('confirm.believeAfterMs', believeAfterMs);
  requirePositive('confirm.evidenceMaxAgeMs', evidenceMaxAgeMs);
  return { holdMs, believeAfterMs, evidenceMaxAgeMs };
}

export interface Proposed {
  readonly nowMs: number;
  readonly evidenceAgeMs: number | null;
  /** What the law asks for, before any guard. */
  readonly value: number;
  readonly applied: number;
  /** What the law rests on; null: not measured. */
  readonly figures: readonly (number | null)[];
  /** How busy those are that serve; left out: not known. */
  readonly busy?: {
    /** 0 to 1; null: not measured. */
    readonly utilization: number | null;
    readonly ready: number;
  };
}

/** Notes one proposal: to be called once a step, before the guards. */
export function confirm(
  state: Confirmation,
  seen: Proposed,
  config: ConfirmConfig = {},
): Confirmation {
  const settings = settingsOf(config);
  if (!Number.isFinite(seen.nowMs)) return state;
  const sinceMs = state.lastMs === null ? 0 : seen.nowMs - state.lastMs;
  const gapMs = state.blindMs + Math.max(0, sinceMs);
  const noted = { ...state, lastMs: seen.nowMs };
  if (!isUsable(seen, settings)) return { ...noted, look: 'blind', blindMs: gapMs };
  // A clock that was set, or a loop that slept, confirms no more than one look more.
  const dtMs = Math.min(Math.max(0, sinceMs), settings.holdMs / 2);
  const isSilent = seen.figures.some((figure) => figure === 0);
  const silentMs = isSilent ? state.silentMs + dtMs : state.silentMs;
  if (isSilent && silentMs < settings.believeAfterMs) {
    return { ...noted, silentMs, look: 'silent', soundMs: 0 };
  }
  const soundMs = isSilent ? 0 : state.soundMs + dtMs;
  return {
    ...noted,
    trustedMs: state.trustedMs + dtMs,
    silentMs: soundMs >= settings.holdMs ? 0 : silentMs,
    look: 'sound',
    soundMs,
    blindMs: 0,
    proposed: withProposal(state, seen, { dtMs, gapMs }, settings),
  };
}

function isUsable(
  { evidenceAgeMs, value, applied, figures }: Proposed,
  { evidenceMaxAgeMs }: Required<ConfirmConfig>,
): boolean {
  const isFresh = evidenceAgeMs !== null && Math.abs(evidenceAgeMs) <= evidenceMaxAgeMs;
  const areCounts = isMeasure(value) && isMeasure(applied);
  return isFresh && areCounts && figures.length > 0 && figures.every(isMeasure);
}

/** In a silence, even if blindness came in between. */
function wasSilent({ silentMs, soundMs, look }: Confirmation): boolean {
  return look === 'silent' || (look === 'blind' && silentMs > 0 && soundMs === 0);
}

function withProposal(
  state: Confirmation,
  seen: Proposed,
  { dtMs, gapMs }: { readonly dtMs: number; readonly gapMs: number },
  { holdMs }: Required<ConfirmConfig>,
): readonly ProposedSpan[] {
  const atMs = state.trustedMs + dtMs;
  const kept = state.proposed.filter((past) => atMs - past.atMs < holdMs);
  const ready = isMeasure(seen.busy?.ready) ? seen.busy.ready : 0;
  // The figures may be of when more of them served.
  const served = kept.reduce((most, past) => Math.max(most, past.ready), ready);
  // What was proposed before is no evidence any more: somebody found what is applied right.
  const isNew = state.proposed.length === 0 || wasSilent(state) || gapMs > holdMs;
  const value = Math.max(seen.value, isNew ? seen.applied : 0, leastOf(seen, served));
  return withSpan(kept, { atMs, value, ready }, holdMs);
}

/** Replicas that work: to keep fewer would be to refuse work that is there. */
function leastOf({ busy, applied }: Proposed, served: number): number {
  if (busy === undefined || !isMeasure(busy.utilization)) return 0;
  return busy.utilization >= SATURATED ? applied : Math.ceil(tidy(busy.utilization * served));
}

/** Bounded: what comes within a span of the last one is added to it, the more of both. */
function withSpan(
  kept: readonly ProposedSpan[],
  newest: ProposedSpan,
  holdMs: number,
): readonly ProposedSpan[] {
  const last = kept.at(-1);
  if (last === undefined || newest.atMs - last.atMs >= holdMs / SPANS) return [...kept, newest];
  const ready = Math.max(last.ready, newest.ready);
  // The higher one counts from when it was proposed.
  const { atMs, value } = newest.value < last.value ? last : newest;
  return [...kept.slice(0, -1), { atMs, value, ready }];
}

/** Lets a value fall only to what has been confirmed. Without `context.confirmation`: passes. */
export function confirmedDown(): Guard {
  return {
    name: 'confirmedDown',
    judge: (decision, { applied, confirmation }): Verdict<number> => {
      if (confirmation === undefined || !(decision.value < applied)) return PASS;
      const { silentMs, look, proposed } = confirmation;
      if (look === 'silent') return { kind: 'hold', reason: 'sudden-silence', terms: { silentMs } };
      if (look === 'blind') return { kind: 'hold', reason: 'blind-scale-down' };
      const floor = proposed.reduce((most, { value }) => Math.max(most, value), 0);
      if (floor >= applied) return { kind: 'hold', reason: 'unconfirmed-drop' };
      return decision.value < floor
        ? { kind: 'bound', value: floor, reason: 'unconfirmed-drop' }
        : PASS;
    },
  };
}

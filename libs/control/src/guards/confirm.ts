/**
 * A way down has to be confirmed.
 *
 *     floor = the most that was proposed in the last holdMs of trusted time
 *
 * Trusted time stands still while a figure is exactly zero, for at most `believeAfterMs`: zero in
 * place of a value looks like a service that nobody calls any more. What may be taken away is then
 * what was proposed before the silence, and just after it, when a window is half filled with it,
 * still. Nothing is trusted while evidence is missing, too old or impossible.
 *
 * Defaults: holdMs 60 s, longer than the window of the figures and their lag together; a silence is
 * believed after 15 min: idle replicas cost little, and taking them away from a service that is
 * only not seen costs all.
 *
 * Regimes: confirmed, waiting for a lower value to last, doubting a silence.
 */
import { requireAtLeastZero, requirePositive } from '../config.ts';
import { isMeasure } from '../numbers.ts';
import { PASS } from './bound.ts';
import type { Guard, Verdict } from './guard.ts';

export interface ConfirmConfig {
  /** A lower value has to be proposed for this long. Default 60 s; at least window and lag. */
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
  readonly silentMs: number;
  /** By spans of trusted time, the most of each. */
  readonly proposed: readonly { readonly atMs: number; readonly value: number }[];
}

export const NOTHING_CONFIRMED: Confirmation = {
  lastMs: null,
  trustedMs: 0,
  silentMs: 0,
  proposed: [],
};

const SPANS = 16;

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
  /** What the law rests on; null: not measured. */
  readonly figures: readonly (number | null)[];
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
  const noted = { ...state, lastMs: seen.nowMs };
  if (!isUsable(seen, settings)) return noted;
  // A clock that was set, or a loop that slept, confirms no more than one look more.
  const dtMs = Math.min(Math.max(0, sinceMs), settings.holdMs / 2);
  const isSilent = seen.figures.some((figure) => figure === 0);
  const silentMs = isSilent ? state.silentMs + dtMs : 0;
  if (isSilent && silentMs < settings.believeAfterMs) return { ...noted, silentMs };
  const trustedMs = state.trustedMs + dtMs;
  const proposed = withProposal(state.proposed, { atMs: trustedMs, value: seen.value }, settings);
  return { ...noted, trustedMs, silentMs, proposed };
}

function isUsable(
  { evidenceAgeMs, value, figures }: Proposed,
  { evidenceMaxAgeMs }: Required<ConfirmConfig>,
): boolean {
  const isFresh = evidenceAgeMs !== null && Math.abs(evidenceAgeMs) <= evidenceMaxAgeMs;
  return isFresh && isMeasure(value) && figures.length > 0 && figures.every(isMeasure);
}

function withProposal(
  before: Confirmation['proposed'],
  newest: { readonly atMs: number; readonly value: number },
  { holdMs }: Required<ConfirmConfig>,
): Confirmation['proposed'] {
  const kept = before.filter(({ atMs }) => newest.atMs - atMs < holdMs);
  const last = kept.at(-1);
  if (last === undefined || newest.atMs - last.atMs >= holdMs / SPANS) return [...kept, newest];
  // The higher one of a span counts from when it was proposed.
  return newest.value < last.value ? kept : [...kept.slice(0, -1), newest];
}

/** Lets a value fall only to what has been confirmed. Without `context.confirmation`: passes. */
export function confirmedDown(): Guard {
  return {
    name: 'confirmedDown',
    judge: (decision, { applied, confirmation }): Verdict<number> => {
      if (confirmation === undefined || !(decision.value < applied)) return PASS;
      const { silentMs, proposed } = confirmation;
      const floor = proposed.reduce((most, { value }) => Math.max(most, value), -1);
      const reason = silentMs > 0 || floor < 0 ? 'sudden-silence' : 'unconfirmed-drop';
      if (floor >= applied || floor < 0) return { kind: 'hold', reason, terms: { silentMs } };
      return decision.value < floor
        ? { kind: 'bound', value: floor, reason, terms: { silentMs } }
        : PASS;
    },
  };
}

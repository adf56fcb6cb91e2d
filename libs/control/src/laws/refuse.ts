import type { LawInput } from '../decision.ts';
import type { LawReason } from '../reasons.ts';

/**
 * Why a law must not act on this input at all, whatever it says; null: it may.
 * Evidence from further in the future than its own age limit is as bad as evidence that is old.
 */
export function refuse(lastMs: number | null, input: LawInput, maxAgeMs: number): LawReason | null {
  if (!Number.isFinite(input.nowMs)) {
    return 'invalid-measure';
  }
  if (lastMs !== null && input.nowMs < lastMs) {
    return 'clock-went-back';
  }
  if (lastMs !== null && input.nowMs === lastMs) {
    return 'same-instant';
  }
  if (input.evidenceAgeMs === null || !Number.isFinite(input.evidenceAgeMs)) {
    return 'no-evidence';
  }
  return Math.abs(input.evidenceAgeMs) > maxAgeMs ? 'stale-evidence' : null;
}

/** The instant to measure the next gap from: after a step back the new clock is believed. */
export function nextLastMs(lastMs: number | null, nowMs: number): number | null {
  return Number.isFinite(nowMs) ? nowMs : lastMs;
}

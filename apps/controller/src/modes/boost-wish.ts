import type { Policy } from '@flyball/contract';
import type { ModeReport, Playbook } from '@flyball/control';
import type { BoostWish } from './sampling-boosts.port.ts';

/** A mode is entered on evidence: what led to it happened in the minutes before. */
const LOOK_BACK_MS = 300_000;

/** A change that was applied to the service. */
export interface Applied {
  readonly loopId: string;
  readonly atMs: number;
}

/**
 * How much more of a service is to be kept: what its mode asks for, and for a while after a change
 * what the policy says of that. Of both the higher share counts, and the budgets add up.
 */
export function boostWish(
  { sampling }: Policy,
  mode: ModeReport['mode'],
  { samplingRatio = 0 }: Playbook,
  applied: Applied | null,
  nowMs: number,
): BoostWish | null {
  const { keep, budget, for: forMs } = sampling.afterAction;
  const ofMode =
    samplingRatio > 0
      ? {
          ratio: samplingRatio,
          why: `mode ${mode}`,
          maxSpans: sampling.budget,
          lookBackMs: LOOK_BACK_MS,
        }
      : null;
  if (applied === null || keep === 0 || nowMs - applied.atMs >= forMs) return ofMode;
  const ofAction = { ratio: keep, why: `${applied.loopId} was changed`, maxSpans: budget };
  if (ofMode === null) return ofAction;
  return {
    ...ofMode,
    ratio: Math.max(ofMode.ratio, ofAction.ratio),
    maxSpans: ofMode.maxSpans + ofAction.maxSpans,
  };
}

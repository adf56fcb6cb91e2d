import type { Assessment } from '../orient/assess.ts';

/** What one actuator's work hides from another's loop. */
export interface Arbitration {
  /** Offered over accepted load: what the signal would be if nothing were shed, times its value. */
  readonly demandFactor: number;
  readonly shedding: boolean;
}

/** Rejections below this share are the noise of a limit that just holds. */
const SHEDDING = 0.01;
/** The share of rejections grows without bound as everything is rejected; trust ends here. */
const MOST_DEMAND = 3;

/**
 * Shedding hides demand: the instances look as if there were enough of them. The replicas loop is
 * therefore shown the load that was offered, and takes nothing away while anything is shed.
 */
export function arbitrate({ guards }: Pick<Assessment, 'guards'>): Arbitration {
  const traffic = guards?.traffic ?? null;
  if (traffic === null || traffic.rejectRatio < SHEDDING) {
    return { demandFactor: 1, shedding: false };
  }
  const factor = 1 / Math.max(1 - traffic.rejectRatio, 1 / MOST_DEMAND);
  return { demandFactor: Math.min(MOST_DEMAND, factor), shedding: true };
}

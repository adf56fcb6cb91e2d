import type { Direction } from '../guards/guard.ts';
import { tidy } from '../numbers.ts';
import type { ModeReport } from './mode.ts';

/** What a mode asks of the actuators. Fields left out ask for nothing. */
export interface Playbook {
  /** Share of this service's traces to keep, 0 to 1. */
  readonly samplingRatio?: number;
  readonly flags?: { readonly [flag: string]: 'on' | 'off' };
  /** Admission rate as a share of the rate law's own proposal, 0 to 1. */
  readonly rateRatio?: number;
  readonly weights?: 'equal' | 'law';
  /** Loops that may not move in a direction: `{ replicas: ['down'] }`. */
  readonly freeze?: { readonly [loop: string]: readonly Direction[] };
}

export interface Playbooks {
  readonly degraded?: Playbook;
  readonly floor?: Playbook;
}

/**
 * For policies that state none. Degraded looks closer; Floor sheds to what still works: rate at
 * 20 %, equal weights (figures of a service this sick say little about single backends), and no
 * capacity taken away. Never "all breakers open": that would make a partial failure a total one.
 */
export const DEFAULT_PLAYBOOKS: Required<Playbooks> = {
  degraded: { samplingRatio: 1 },
  floor: {
    samplingRatio: 1,
    rateRatio: 0.2,
    weights: 'equal',
    freeze: { replicas: ['down'] },
  },
};

/**
 * What is in force now. Floor adds to Degraded. In Recovery the playbook recovered from is handed
 * back: the rate by the ramp's share, all else when the share reaches 1; sampling stays until
 * Target, to see whether the recovery holds.
 */
export function playbookInForce(
  playbooks: Playbooks,
  report: Pick<ModeReport, 'mode' | 'recovery'>,
): Playbook {
  switch (report.mode) {
    case 'target':
      return {};
    case 'degraded':
      return playbooks.degraded ?? {};
    case 'floor':
      return floorOf(playbooks);
    case 'recovery':
      return handedBack(playbooks, report.recovery);
  }
}

/** Directions a playbook freezes for one loop, for the guards' context. */
export function frozenDirections(playbook: Playbook, loop: string): readonly Direction[] {
  return playbook.freeze !== undefined && Object.hasOwn(playbook.freeze, loop)
    ? (playbook.freeze[loop] ?? [])
    : [];
}

function floorOf({ degraded = {}, floor = {} }: Playbooks): Playbook {
  const flags = { ...degraded.flags, ...floor.flags };
  return {
    ...degraded,
    ...floor,
    ...(Object.keys(flags).length > 0 ? { flags } : {}),
  };
}

function handedBack(playbooks: Playbooks, recovery: ModeReport['recovery']): Playbook {
  if (recovery === null) {
    return {};
  }
  const worst = recovery.from === 'floor' ? floorOf(playbooks) : (playbooks.degraded ?? {});
  if (recovery.share === 1) {
    return worst.samplingRatio === undefined ? {} : { samplingRatio: worst.samplingRatio };
  }
  return worst.rateRatio === undefined
    ? worst
    : { ...worst, rateRatio: tidy(worst.rateRatio + (1 - worst.rateRatio) * recovery.share) };
}

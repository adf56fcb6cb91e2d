import type { Direction } from '../guards/guard.ts';

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

import type { guardNote, Policy } from '@flyball/contract';
import type { z } from 'zod';

export type { Knob } from '@flyball/contract';
export type LoopName = keyof Policy['loops'] & ('replicas' | 'rate' | 'weights');
export type GuardNote = z.infer<typeof guardNote>;

export const LOOP_NAMES: readonly LoopName[] = ['replicas', 'rate', 'weights'];

export function loopId(service: string, loop: string): string {
  return `${service}/${loop}`;
}

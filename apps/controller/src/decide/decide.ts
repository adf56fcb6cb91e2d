import type { LoopDecision, LoopInput } from './loop.ts';
import { decideRate } from './rate-loop.ts';
import { decideReplicas } from './replicas-loop.ts';
import { decideWeights } from './weights-loop.ts';
import type { LoopName } from './words.ts';

/** One tick of one loop: law, then guards. Pure. */
export function decideLoop(loop: LoopName, input: LoopInput): LoopDecision {
  const { replicas, rate, weights } = input.assessment.policy.loops;
  switch (loop) {
    case 'replicas':
      return decideReplicas(present(replicas, loop), input);
    case 'rate':
      return decideRate(present(rate, loop), input);
    case 'weights':
      return decideWeights(present(weights, loop), input);
  }
}

function present<T>(loop: T | undefined, name: string): T {
  if (loop === undefined) throw new Error(`the policy has no loop ${name}`);
  return loop;
}

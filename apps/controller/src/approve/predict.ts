import type { Proposal } from '@flyball/contract';
import type { LoopDecision } from '../decide/loop.ts';
import type { Assessment } from '../orient/assess.ts';
import { unitOf } from '../orient/signals.ts';
import { replicaSignal } from '../policies/law-configs.ts';
import { formatSignal } from './sentences.ts';

type Prediction = Omit<Proposal['prediction'], 'trackRecord'>;

/** Load shifts while capacity starts: what is predicted is a band this wide on either side. */
const TOLERANCE = 0.2;

/** What the change should do to the loop's signal, and by when. */
export function predict(decision: LoopDecision, assessment: Assessment): Prediction {
  switch (decision.loop) {
    case 'replicas':
      return predictReplicas(decision, assessment);
    case 'rate':
      return {
        text: 'p99 moves towards its target within a few steps of the loop.',
        signal: 'p99',
        value: null,
        low: null,
        high: null,
        withinMs: null,
      };
    case 'weights':
      return {
        text: 'Slow and failing instances get fewer requests; the others take them over.',
        signal: 'errors and latency',
        value: null,
        low: null,
        high: null,
        withinMs: null,
      };
  }
}

/** The same load on another number of replicas: the law itself rests on this ratio. */
function predictReplicas(decision: LoopDecision, { policy }: Assessment): Prediction {
  const loop = policy.loops.replicas;
  const signal = loop === undefined ? '' : replicaSignal(policy, loop);
  const before = Number(decision.applied);
  const after = Number(decision.bounded);
  // What was seen too long ago foretells nothing.
  const measured = decision.isBlind ? null : decision.measured;
  const withinMs = policy.approvals.verifyAfter;
  if (measured === null || after <= 0) {
    return {
      text: 'Nothing can be predicted without a measure.',
      signal,
      value: null,
      low: null,
      high: null,
      withinMs: null,
    };
  }
  const value = (measured * before) / after;
  const low = value * (1 - TOLERANCE);
  const high = value * (1 + TOLERANCE);
  const unit = unitOf(signal);
  const show = (level: number) => formatSignal(level, unit);
  // A saturated signal hides how much more there is to do.
  const more = measured >= 0.98 && unit === 'ratio' ? ' or more, since it is saturated now' : '';
  return {
    text:
      `${signal} goes from ${show(measured)} to about ${show(value)} ` +
      `(${show(low)} to ${show(high)}${more}) within ${Math.round(withinMs / 1000)} s.`,
    signal,
    value,
    low,
    high,
    withinMs,
  };
}

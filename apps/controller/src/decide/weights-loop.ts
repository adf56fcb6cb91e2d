import type { WeightsLoopPolicy } from '@flyball/contract';
import {
  type BackendFigures,
  type Decision,
  evidenceAge,
  type FeedbackWeightsState,
  feedbackWeights,
  freezeWindow,
  frozenDirections,
  type Guard,
  handControl,
  isBlind,
  type Knob,
  modeFreeze,
  parseFreezeWindow,
  type SlowStartState,
  type Step,
  slowStart,
} from '@flyball/control';
import type { Assessment } from '../orient/assess.ts';
import { errorRatio } from '../orient/signals.ts';
import { weightsConfig } from '../policies/law-configs.ts';
import { runGuards } from './bounding.ts';
import type { LoopDecision, LoopInput } from './loop.ts';

type Weights = Readonly<Record<string, number>>;

/** Relative weights that differ by less than this are not worth a version. */
const SAME_WEIGHT = 0.03;

/** Load-balancing weights: each instance by its errors and its latency. */
export function decideWeights(loop: WeightsLoopPolicy, input: LoopInput): LoopDecision {
  const { nowMs, assessment, target, memory, hand, playbook } = input;
  const { policy, view } = assessment;
  const backends = backendsOf(assessment);
  const applied = appliedTo(backends, target.inForce);
  const red = view?.red ?? null;
  const evidenceAgeMs = red === null ? null : Math.abs(nowMs - red.newestMs);
  const config = weightsConfig(policy, loop);
  const state =
    memory.law === null
      ? feedbackWeights.init(config)
      : feedbackWeights.retune(memory.law as FeedbackWeightsState, config);
  const step = feedbackWeights.step(state, { nowMs, evidenceAgeMs, backends, applied });
  const equal = playbook.weights === 'equal';
  const spared = spareCold(input, { backends, applied, evidenceAgeMs, wished: step.output });
  const value: Weights = equal
    ? Object.fromEntries(backends.map(({ id }) => [id, 1]))
    : rounded(spared?.output.value ?? step.output.value);
  const guards: readonly Guard<Knob>[] = [
    handControl(),
    evidenceAge({ maxAgeMs: policy.guards.evidenceMaxAge }),
    sameWeights(),
    modeFreeze(),
    freezeWindow(policy.guards.freeze.map(parseFreezeWindow)),
  ];
  const outcome = runGuards<Knob>(
    guards,
    { ...step.output, value },
    {
      nowMs,
      applied,
      measured: null,
      evidenceAgeMs,
      history: memory.history,
      mode: input.mode,
      frozen: frozenDirections(playbook, 'weights'),
      hand,
    },
    { signal: 'errors and latency', knob: 'the weights' },
  );
  const { decision } = outcome.bounded;
  return {
    loop: 'weights',
    law: feedbackWeights.name,
    setpoint: null,
    measured: null,
    terms: { ...decision.terms, ...(equal ? {} : spared?.output.terms) },
    proposed: value,
    bounded: decision.value,
    applied,
    reason: decision.reason,
    text: textFor(outcome.text, decision.reason, { equal, cold: spared?.output.terms.cold ?? 0 }),
    evidenceAgeMs,
    isBlind: isBlind(evidenceAgeMs, decision.reason),
    guards: outcome.notes,
    memory: {
      ...memory,
      law: step.state,
      lastTickMs: nowMs,
      ...(spared === null ? {} : { slowStart: spared.state }),
    },
  };
}

function textFor(
  text: string,
  reason: string,
  { equal, cold }: { readonly equal: boolean; readonly cold: number },
): string {
  const said = reason === 'dead-band' ? 'The weights are what they should be.' : text;
  if (equal) return `${said} The mode asks for equal weights.`;
  if (cold === 0) return said;
  const who = cold === 1 ? 'One is cold and gets' : `${cold} are cold and get`;
  return `${said} ${who} less at first.`;
}

/**
 * The default law of the replicas adds few or many at once and asks to spare them while they are
 * cold. Null: it is not in force, switched off, or the weights hold anyway.
 */
function spareCold(
  { nowMs, assessment, memory }: LoopInput,
  seen: {
    readonly backends: readonly BackendFigures[];
    readonly applied: Weights;
    readonly evidenceAgeMs: number | null;
    readonly wished: Decision<Weights>;
  },
): Step<SlowStartState, Weights> | null {
  const { policy } = assessment;
  const law = policy.loops.replicas?.law;
  if (law?.kind !== 'autoscale' || law.autoscale.terms?.slowStart === false) return null;
  const { wished, ...figures } = seen;
  if (!['reweighted', 'too-few-healthy'].includes(wished.reason)) return null;
  const config = { evidenceMaxAgeMs: policy.guards.evidenceMaxAge };
  const state =
    memory.slowStart === undefined
      ? slowStart.init(config)
      : slowStart.retune(memory.slowStart, config);
  return slowStart.step(state, { nowMs, ...figures, weights: wished.value });
}

/** The instances guards can route to, with what the collector counted for them. */
function backendsOf({ guards, view }: Assessment): BackendFigures[] {
  return [...(guards?.instances ?? [])].map(([id, { startedAtMs }]) => {
    const red = view?.instances.get(id);
    return {
      id,
      requests: red?.requests ?? 0,
      errorRatio: red === undefined ? null : errorRatio(red),
      // The median: a window of seconds holds too few requests for a higher percentile.
      latencyMs: red?.p50Ms ?? null,
      startedAtMs,
    };
  });
}

/** Weights in force; an instance not named has the mean of the others, as guards have it. */
function appliedTo(backends: readonly BackendFigures[], inForce: Knob): Weights {
  const named = typeof inForce === 'number' ? {} : inForce;
  const known = backends.flatMap(({ id }) => named[id] ?? []);
  const mean = known.length === 0 ? 1 : known.reduce((sum, w) => sum + w, 0) / known.length;
  return Object.fromEntries(backends.map(({ id }) => [id, named[id] ?? mean]));
}

function sameWeights(): Guard<Knob> {
  return {
    name: 'deadBand',
    judge: (decision, { applied }) => {
      if (typeof decision.value === 'number' || typeof applied === 'number') {
        return { kind: 'hold', reason: 'not-a-number' };
      }
      const [now, next] = [relative(applied), relative(decision.value)];
      const moved = Object.entries(next).some(
        ([id, weight]) => Math.abs(weight - (now[id] ?? 0)) > SAME_WEIGHT,
      );
      return moved ? { kind: 'pass' } : { kind: 'hold', reason: 'dead-band' };
    },
  };
}

/** Over their mean: to a balancer weights of 0.4 and 0.4 are those of 1 and 1. */
function relative(weights: Weights): Weights {
  const values = Object.values(weights);
  const mean = values.reduce((sum, weight) => sum + weight, 0) / Math.max(1, values.length);
  return mean === 0
    ? weights
    : Object.fromEntries(Object.entries(weights).map(([id, weight]) => [id, weight / mean]));
}

function rounded(weights: Weights): Weights {
  return Object.fromEntries(
    Object.entries(weights).map(([id, weight]) => [id, Number(weight.toFixed(4))]),
  );
}

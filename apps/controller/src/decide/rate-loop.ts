import type { RateLoopPolicy } from '@flyball/contract';
import {
  clamp,
  deadBand,
  directionalAutonomy,
  evidenceAge,
  freezeWindow,
  frozenDirections,
  type Guard,
  handControl,
  isBlind,
  type LatencyBandState,
  latencyBand,
  modeFreeze,
  onlyFinite,
  parseFreezeWindow,
  type Terms,
} from '@flyball/control';
import type { GuardTraffic } from '../orient/guard-facts.ts';
import { latencyBandConfig } from '../policies/law-configs.ts';
import { runGuards } from './bounding.ts';
import type { LoopDecision, LoopInput } from './loop.ts';

/** Changes smaller than this share of the rate are not worth a version. */
const DEAD_BAND = 0.01;

/** Admission rate: p99 in a band, and in Floor and Recovery only a share of what the law allows. */
export function decideRate(loop: RateLoopPolicy, input: LoopInput): LoopDecision {
  const { nowMs, assessment, target, memory, hand, playbook } = input;
  const { policy, view, guards: facts, saturation } = assessment;
  const applied = typeof target.inForce === 'number' ? target.inForce : loop.limits.max;
  const red = view?.red ?? null;
  const traffic = facts?.traffic ?? null;
  const evidenceAgeMs = red === null ? null : Math.abs(nowMs - red.newestMs);
  const config = latencyBandConfig(policy, loop);
  const state =
    memory.law === null
      ? latencyBand.init(config)
      : latencyBand.retune(memory.law as LatencyBandState, config);
  const step = latencyBand.step(state, {
    nowMs,
    evidenceAgeMs,
    p99Ms: red?.p99Ms ?? null,
    applied: baseOf(memory.asked, applied),
    rejectRatio: traffic?.rejectRatio ?? null,
    cpu: saturation?.value ?? null,
    offeredPerSecond:
      traffic === null ? null : traffic.acceptedPerSecond + traffic.rejectedPerSecond,
  });
  const ratio = playbook.rateRatio ?? 1;
  const base = Math.min(loop.limits.max, Math.max(loop.limits.min, step.output.value));
  const proposed = { ...step.output, value: tidy(base * ratio) };
  const outcome = runGuards(
    guardsFor(loop, input),
    proposed,
    {
      nowMs,
      applied,
      measured: red?.p99Ms ?? null,
      evidenceAgeMs,
      history: memory.history,
      mode: input.mode,
      frozen: frozenDirections(playbook, 'rate'),
      hand,
    },
    { signal: 'p99', knob: 'the rate' },
  );
  const { decision } = outcome.bounded;
  const share = ratio < 1 ? ` The mode lets ${Math.round(ratio * 100)} % of the rate through.` : '';
  return {
    loop: 'rate',
    law: latencyBand.name,
    setpoint: loop.law.latencyBand.p99,
    measured: red?.p99Ms ?? null,
    terms: {
      ...decision.terms,
      ...(ratio < 1 ? { playbookRatio: ratio, base } : {}),
      ...trafficTerms(traffic),
    },
    proposed: proposed.value,
    bounded: decision.value,
    applied,
    reason: decision.reason,
    text: `${outcome.text}${share}`,
    evidenceAgeMs,
    isBlind: isBlind(evidenceAgeMs, decision.reason),
    guards: outcome.notes,
    memory: {
      ...memory,
      law: step.state,
      lastTickMs: nowMs,
      asked: decision.value === applied ? memory.asked : { value: decision.value, base },
    },
  };
}

function trafficTerms(traffic: GuardTraffic | null): Terms {
  if (traffic === null) return {};
  const { acceptedPerSecond, rejectedPerSecond } = traffic;
  return { acceptedPerSecond, rejectedPerSecond };
}

/** The law goes on from its own value, not from the playbook's share of it. */
function baseOf(asked: LoopInput['memory']['asked'], applied: number): number {
  return asked !== null && Math.abs(asked.value - applied) < 0.01 * applied ? asked.base : applied;
}

function guardsFor(loop: RateLoopPolicy, input: LoopInput): readonly Guard[] {
  const { policy } = input.assessment;
  return [
    handControl() as Guard,
    onlyFinite(),
    evidenceAge({ maxAgeMs: policy.guards.evidenceMaxAge }) as Guard,
    clamp({ min: loop.limits.min, max: loop.limits.max }),
    deadBand({ ratio: DEAD_BAND }),
    directionalAutonomy(input.autonomy),
    modeFreeze() as Guard,
    freezeWindow(policy.guards.freeze.map(parseFreezeWindow)) as Guard,
  ];
}

function tidy(value: number): number {
  return Number(value.toPrecision(6));
}

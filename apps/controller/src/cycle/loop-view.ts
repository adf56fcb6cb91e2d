import type { Autonomy, Loop, LoopSample, Policy } from '@flyball/contract';
import { actionsWithin, type DirectionalAutonomy, reversalsWithin } from '@flyball/control';
import { unitFor } from '../approve/sentences.ts';
import type { LoopMemory } from '../decide/loop.ts';
import { type GuardNote, type LoopName, loopId } from '../decide/words.ts';
import { unitOf } from '../orient/signals.ts';
import { replicaSetpoint, replicaSignal } from '../policies/law-configs.ts';

/** A tick as it is shown and recorded; `reason` may be one of the cycle's own. */
export interface Tick {
  readonly sample: LoopSample;
  readonly law: string;
  readonly guards: readonly GuardNote[];
}

export interface ViewInput {
  readonly policy: Policy;
  readonly loop: LoopName;
  readonly memory: LoopMemory;
  readonly autonomy: DirectionalAutonomy;
  readonly tick: Tick | null;
  readonly pendingProposalId: string | null;
  readonly automationStopped: boolean;
  readonly nowMs: number;
}

const HOUR_MS = 3_600_000;

export function loopView(input: ViewInput): Loop {
  const { policy, loop, memory, tick, nowMs } = input;
  const shape = shapeOf(policy, loop);
  const autonomy = shownAutonomy(input.autonomy);
  return {
    id: loopId(policy.service, loop),
    service: policy.service,
    name: loop,
    law: shape.law,
    signal: shape.signal,
    signalUnit: shape.signalUnit,
    knobUnit: unitFor(loop),
    actuator: shape.actuator,
    autonomy,
    state: stateOf(input, autonomy),
    everyMs: shape.everyMs,
    cooldownUntilMs: cooldownUntil(tick, nowMs),
    limits: shape.limits,
    band: shape.band,
    guards: [...(tick?.guards ?? [])],
    last: tick?.sample ?? null,
    reversalsPerHour: reversalsWithin(memory.history, nowMs, HOUR_MS),
    actionsPerHour: actionsWithin(memory.history, nowMs, HOUR_MS),
    pendingProposalId: input.pendingProposalId,
  };
}

/** One word for both directions: the freer one, since that is what may happen unasked. */
export function shownAutonomy({ up, down }: DirectionalAutonomy): Autonomy {
  const order: readonly Autonomy[] = ['off', 'shadow', 'ask', 'auto'];
  return order.indexOf(up) > order.indexOf(down) ? up : down;
}

/** Reasons for which nothing can change until something outside does. */
const HELD = new Set([
  'no-evidence',
  'stale-evidence',
  'evidence-missing',
  'evidence-stale',
  'invalid-measure',
  'doubtful',
  'sudden-silence',
  'clock-went-back',
  'blind-scale-down',
  'frozen-by-mode',
  'demand-hidden',
  'freeze-window',
  'not-a-number',
  'action-budget',
  'reversal-budget',
  'actuator-away',
]);

function stateOf(input: ViewInput, autonomy: Autonomy): Loop['state'] {
  const reason = input.tick?.sample.reason ?? '';
  if (input.automationStopped || input.memory.stopped !== null) return 'stopped';
  if (autonomy === 'off') return 'off';
  if (input.pendingProposalId !== null) return 'waiting-approval';
  if (HELD.has(reason)) return 'held';
  if (reason.startsWith('cooldown')) return 'cooldown';
  return autonomy === 'shadow' ? 'shadow' : 'running';
}

function cooldownUntil(tick: Tick | null, nowMs: number): number | null {
  if (tick === null || !tick.sample.reason.startsWith('cooldown')) return null;
  const untilMs = tick.sample.terms.untilMs;
  return untilMs === undefined || untilMs <= nowMs ? null : Math.round(untilMs);
}

interface Shape extends Pick<Loop, 'law' | 'signal' | 'signalUnit' | 'actuator' | 'everyMs'> {
  readonly limits: Loop['limits'];
  readonly band: Loop['band'];
}

function shapeOf(policy: Policy, loop: LoopName): Shape {
  const { replicas, rate, weights } = policy.loops;
  if (loop === 'replicas' && replicas !== undefined) {
    const signal = replicaSignal(policy, replicas);
    const setpoint = replicaSetpoint(replicas);
    return {
      law: replicas.law.kind,
      signal,
      signalUnit: unitOf(signal),
      actuator: 'processes',
      everyMs: replicas.every,
      limits: { min: replicas.limits.min, max: replicas.limits.max },
      band: {
        low: replicas.hysteresis?.down ?? setpoint,
        high: replicas.hysteresis?.up ?? setpoint,
      },
    };
  }
  if (loop === 'rate' && rate !== undefined) {
    const { p99, band } = rate.law.latencyBand;
    return {
      law: 'latencyBand',
      signal: 'p99',
      signalUnit: 'ms',
      actuator: 'guard',
      everyMs: rate.every,
      limits: { min: rate.limits.min, max: rate.limits.max },
      band: { low: p99 * (1 - band), high: p99 * (1 + band) },
    };
  }
  return {
    law: 'feedbackWeights',
    signal: 'errors and latency',
    signalUnit: '',
    actuator: 'guard',
    everyMs: weights?.every ?? 0,
    limits: { min: null, max: null },
    band: { low: null, high: null },
  };
}

/** The row of `flyball_loop_samples`. */
export function sampleRow(
  loop: { readonly service: string; readonly name: string },
  tick: Tick,
  autonomy: Autonomy,
): Record<string, unknown> {
  const { sample, law } = tick;
  return {
    time: new Date(sample.atMs).toISOString(),
    service: loop.service,
    loop: loop.name,
    law,
    setpoint: sample.setpoint,
    measured: sample.measured,
    terms: sample.terms,
    proposed: knobMap(sample.proposed),
    bounded: knobMap(sample.bounded),
    applied: knobMap(sample.applied),
    unit: unitFor(loop.name as LoopName),
    mode: sample.mode ?? '',
    reason: sample.reason,
    text: sample.text,
    evidence_age_ms: sample.evidenceAgeMs,
    autonomy,
    trace_id: sample.traceId ?? '',
  };
}

/** A single number stands under the empty key. */
function knobMap(knob: LoopSample['proposed']): Record<string, number> {
  if (knob === null) return {};
  return typeof knob === 'number' ? { '': knob } : knob;
}

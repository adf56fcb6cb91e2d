import { type ReplicasLoopPolicy, replicaPlan } from '@flyball/contract';
import {
  confirmed,
  type Decision,
  explain,
  frozenDirections,
  type Guard,
  isBlind,
  type PidReplicasState,
  pidReplicas,
  type ReplicaLawState,
  replicaGuards,
  replicaLawOf,
  type Terms,
} from '@flyball/control';
import { readSignal, unitOf } from '../orient/signals.ts';
import { pidConfig, replicaSetpoint, replicaSignal } from '../policies/law-configs.ts';
import { type Arbitration, arbitrate } from './arbitrate.ts';
import { runGuards } from './bounding.ts';
import type { LoopDecision, LoopInput, LoopMemory } from './loop.ts';
import { countedAfter, replicaObservation } from './observation.ts';

/** Signals that grow with the load an instance gets; a latency does not scale with demand. */
const SCALES_WITH_DEMAND = (signal: string) => signal !== 'p99';

/** What a law came to, before the guards. */
interface Proposal {
  readonly law: string;
  readonly signal: string;
  readonly setpoint: number | null;
  /** The signal, as it is shown. */
  readonly measured: number | null;
  /** The figure without which nothing may be taken away. */
  readonly evidence: number | null;
  readonly evidenceAgeMs: number | null;
  readonly output: Decision<number>;
  readonly memory: LoopMemory['law'];
  readonly more: Terms;
}

/** Replicas: a law, shown the offered load, bounded by the policy's guards. */
export function decideReplicas(loop: ReplicasLoopPolicy, input: LoopInput): LoopDecision {
  const { nowMs, assessment, target, memory, hand } = input;
  const applied = count(target.value);
  const arbitration = arbitrate(assessment);
  const proposal =
    loop.law.kind === 'pid'
      ? proposePid(loop, input, arbitration)
      : proposeByLaw(loop, input, arbitration);
  const { evidenceAgeMs, output } = proposal;
  const counted = countedAfter(memory.counted, input);
  const names = namesFor(proposal.signal);
  const { bounds } = replicaPlan(assessment.policy, loop);
  const confirmation = confirmed(memory.confirmation, bounds, {
    observation: { ...replicaObservation(input, arbitration), evidenceAgeMs },
    evidence: proposal.evidence,
    value: output.value,
  });
  const outcome = runGuards(
    replicaGuards(bounds, input.autonomy, [noScaleInWhileShedding(arbitration)]),
    output,
    {
      nowMs,
      applied,
      measured: proposal.evidence,
      evidenceAgeMs,
      history: memory.history,
      mode: input.mode,
      frozen: frozenDirections(input.playbook, 'replicas'),
      hand,
      ...(confirmation === undefined ? {} : { confirmation }),
    },
    names,
  );
  const { decision } = outcome.bounded;
  const { trail } = outcome.bounded;
  const shed = trail.some(({ guard }) => guard === SHEDDING);
  // A law that cannot tell says that nothing changes: what the guards then ask for has its own why.
  const unseen = trail.find(({ reason }) => reason === 'least-without-evidence');
  const blind = isBlind(evidenceAgeMs, output.reason, ...trail.map(({ reason }) => reason));
  return {
    loop: 'replicas',
    law: proposal.law,
    setpoint: proposal.setpoint,
    measured: proposal.measured,
    terms: { ...decision.terms, ...proposal.more },
    proposed: output.value,
    bounded: decision.value,
    applied,
    reason: shed ? 'demand-hidden' : decision.reason,
    text: shed
      ? SHEDDING_TEXT
      : textFor(outcome.text, decision.value, unseen?.text ?? explain(output, names), applied),
    evidenceAgeMs,
    isBlind: blind,
    guards: outcome.notes.map((note) =>
      note.guard === SHEDDING && shed ? { ...note, text: SHEDDING_TEXT } : note,
    ),
    memory: {
      ...memory,
      law: proposal.memory,
      lastTickMs: nowMs,
      ...(counted === undefined ? {} : { counted }),
      ...(confirmation === undefined ? {} : { confirmation }),
    },
  };
}

/** PID in ratio form, on any signal the policy names. */
function proposePid(
  loop: ReplicasLoopPolicy,
  { nowMs, assessment, target, memory, hand }: LoopInput,
  { demandFactor }: Arbitration,
): Proposal {
  const signal = replicaSignal(assessment.policy, loop);
  const reading = readSignal(signal, assessment.view);
  const factor = SCALES_WITH_DEMAND(signal) ? demandFactor : 1;
  const measured = reading === null ? null : reading.value * factor;
  const evidenceAgeMs = reading === null ? null : Math.abs(nowMs - reading.observedAtMs);
  const config = pidConfig(assessment.policy, loop);
  const state =
    memory.law === null || 'kind' in memory.law
      ? pidReplicas.init(config)
      : pidReplicas.retune(memory.law as PidReplicasState, config);
  const step = pidReplicas.step(state, {
    nowMs,
    evidenceAgeMs,
    measured,
    applied: count(target.value),
    ...(target.ready === null ? {} : { ready: target.ready }),
    starting: target.starting ?? 0,
    hand,
  });
  return {
    law: pidReplicas.name,
    signal,
    setpoint: replicaSetpoint(loop),
    measured,
    evidence: measured,
    evidenceAgeMs,
    output: step.output,
    memory: step.state,
    more: factor === 1 ? {} : { demandFactor: factor, unscaled: reading?.value ?? 0 },
  };
}

/** Any law that takes the whole observation; another law's memory is left behind. */
function proposeByLaw(
  loop: ReplicasLoopPolicy,
  input: LoopInput,
  arbitration: Arbitration,
): Proposal {
  const { policy, view } = input.assessment;
  const law = replicaLawOf(replicaPlan(policy, loop).law);
  const seen = replicaObservation(input, arbitration);
  const kept = input.memory.law;
  const state = kept === null || !('kind' in kept) ? law.init() : law.retune(kept);
  const step = law.step(state, seen);
  const { demandFactor } = arbitration;
  const signal = replicaSignal(policy, loop);
  const reading = readSignal(signal, view);
  // A law that seeks the level itself tells where it stands.
  const { safeUtilization, setpoint = safeUtilization } = step.output.terms;
  const told = unitOf(signal) === 'ratio' ? setpoint : undefined;
  return {
    law: law.name,
    signal,
    setpoint: replicaSetpoint(loop) ?? told ?? null,
    measured: reading === null ? null : reading.value * demandFactor,
    evidence: law.evidence(seen),
    evidenceAgeMs: seen.evidenceAgeMs,
    output: step.output,
    memory: step.state satisfies ReplicaLawState,
    more: demandFactor === 1 ? {} : { demandFactor },
  };
}

/** A bounded change is told with the law's reason first: why it moves, then why only so far. */
function textFor(text: string, value: number, law: string, applied: number): string {
  return value !== applied && text !== law ? `${law} ${text}` : text;
}

function namesFor(signal: string) {
  const ratio = unitOf(signal) === 'ratio';
  return {
    signal: signal.replaceAll('.', ' '),
    knob: 'replicas',
    formatSignal: (value: number) =>
      ratio ? `${Number((value * 100).toPrecision(3))} %` : String(Number(value.toPrecision(3))),
  };
}

function count(value: LoopInput['target']['value']): number {
  if (typeof value !== 'number') throw new Error('a replica target has to be one number');
  return value;
}

/** Taking capacity away while requests are refused would make both loops wrong. */
function noScaleInWhileShedding({ shedding }: Arbitration): Guard {
  return {
    name: SHEDDING,
    judge: (decision, { applied }) =>
      shedding && decision.value < applied ? { kind: 'hold', reason: 'frozen-by-mode' } : PASS,
  };
}

const SHEDDING = 'shedding';
const SHEDDING_TEXT = 'Requests are shed at the guards, so no capacity is taken away.';
const PASS = { kind: 'pass' } as const;

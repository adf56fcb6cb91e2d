import type { ReplicasLoopPolicy } from '@flyball/contract';
import {
  clamp,
  cooldown,
  directionalAutonomy,
  evidenceAge,
  explain,
  flapBudget,
  freezeWindow,
  frozenDirections,
  type Guard,
  handControl,
  minDwell,
  modeFreeze,
  noBlindScaleDown,
  onlyFinite,
  type PidReplicasState,
  parseFreezeWindow,
  pidReplicas,
  slew,
} from '@flyball/control';
import { readSignal, unitOf } from '../orient/signals.ts';
import { pidConfig } from '../policies/law-configs.ts';
import { type Arbitration, arbitrate } from './arbitrate.ts';
import { runGuards } from './bounding.ts';
import type { LoopDecision, LoopInput } from './loop.ts';

/** Signals that grow with the load an instance gets; a latency does not scale with demand. */
const SCALES_WITH_DEMAND = (signal: string) => signal !== 'p99';

/** Replicas: PID in ratio form, shown the offered load, bounded by the policy's guards. */
export function decideReplicas(loop: ReplicasLoopPolicy, input: LoopInput): LoopDecision {
  const { nowMs, assessment, target, memory, hand } = input;
  const { policy } = assessment;
  const { signal, setpoint } = loop.law.pid;
  const applied = count(target.value);
  const reading = readSignal(signal, assessment.view);
  const arbitration = arbitrate(assessment);
  const factor = SCALES_WITH_DEMAND(signal) ? arbitration.demandFactor : 1;
  const measured = reading === null ? null : reading.value * factor;
  const evidenceAgeMs = reading === null ? null : Math.max(0, nowMs - reading.observedAtMs);
  const config = pidConfig(policy, loop);
  const state =
    memory.law === null
      ? pidReplicas.init(config)
      : pidReplicas.retune(memory.law as PidReplicasState, config);
  const step = pidReplicas.step(state, {
    nowMs,
    evidenceAgeMs,
    measured,
    applied,
    ...(target.ready === null ? {} : { ready: target.ready }),
    starting: target.starting ?? 0,
    hand,
  });
  const names = namesFor(signal);
  const outcome = runGuards(
    guardsFor(loop, input, arbitration),
    step.output,
    {
      nowMs,
      applied,
      measured,
      evidenceAgeMs,
      history: memory.history,
      mode: input.mode,
      frozen: frozenDirections(input.playbook, 'replicas'),
      hand,
    },
    names,
  );
  const { decision } = outcome.bounded;
  const shed = outcome.bounded.trail.some(({ guard }) => guard === SHEDDING);
  return {
    loop: 'replicas',
    law: pidReplicas.name,
    setpoint,
    measured,
    terms: {
      ...decision.terms,
      ...(factor === 1 ? {} : { demandFactor: factor, unscaled: reading?.value ?? 0 }),
    },
    proposed: step.output.value,
    bounded: decision.value,
    applied,
    reason: shed ? 'demand-hidden' : decision.reason,
    text: shed
      ? SHEDDING_TEXT
      : textFor(outcome.text, decision.value, explain(step.output, names), applied),
    evidenceAgeMs,
    guards: outcome.notes.map((note) =>
      note.guard === SHEDDING && shed ? { ...note, text: SHEDDING_TEXT } : note,
    ),
    memory: { ...memory, law: step.state, lastTickMs: nowMs },
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

function guardsFor(
  loop: ReplicasLoopPolicy,
  { assessment: { policy }, autonomy }: LoopInput,
  arbitration: Arbitration,
): readonly Guard[] {
  const { limits, cooldown: wait, dwell } = loop;
  return [
    handControl() as Guard,
    onlyFinite(),
    evidenceAge({ maxAgeMs: policy.guards.evidenceMaxAge }) as Guard,
    noBlindScaleDown(),
    slew({ up: { ratio: limits.stepUp }, down: { ratio: limits.stepDown }, whole: true }),
    clamp({ min: limits.min, max: limits.max }),
    directionalAutonomy(autonomy),
    noScaleInWhileShedding(arbitration),
    modeFreeze() as Guard,
    freezeWindow(policy.guards.freeze.map(parseFreezeWindow)) as Guard,
    cooldown({ upMs: wait.up, downMs: wait.down }),
    minDwell({ dwellMs: dwell }),
    flapBudget({
      actionsPerHour: policy.guards.actionsPerHour,
      reversalsPerHour: policy.guards.reversalsPerHour,
      safe: 'up',
    }),
  ];
}

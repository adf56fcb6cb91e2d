/** A policy's words on replicas as figures for the control library: plain data, units in names. */
import { REPLICA_PACE, type ReplicaLawWords, type ScheduleWords } from './replica-laws.ts';
import type { Policy, ReplicasLoopPolicy } from './schema.ts';

/** Below this a share of failed requests in a window of seconds cannot be told from chance. */
const LEAST_ERROR_RATIO = 0.01;

/** As coded elsewhere, and by the clock: whoever chooses these wants them as they are. */
const UNCONFIRMED: ReadonlySet<string> = new Set(['hpa', 'schedule']);

/** The law and the bounds of a policy's replicas, and how often they are asked. */
export function replicaPlan(policy: Policy, loop: ReplicasLoopPolicy) {
  return { everyMs: loop.every, law: lawFigures(policy, loop), bounds: boundsOf(policy, loop) };
}

function boundsOf(policy: Policy, loop: ReplicasLoopPolicy) {
  const { guards } = policy;
  const { limits, cooldown, dwell, schedule, law } = loop;
  const pace = REPLICA_PACE[law.kind];
  return {
    ...(UNCONFIRMED.has(law.kind)
      ? {}
      : { confirmDownMs: Math.max(60_000, 2 * (policy.observe.window + loop.every)) }),
    ...(schedule === undefined ? {} : { schedule: scheduleFigures(policy, loop, schedule) }),
    min: limits.min,
    max: limits.max,
    stepUp: limits.stepUp,
    stepDown: limits.stepDown,
    cooldownUpMs: cooldown.up,
    cooldownDownMs: cooldown.down,
    dwellMs: dwell,
    evidenceMaxAgeMs: guards.evidenceMaxAge,
    actionsPerHour: guards.actionsPerHour ?? pace.actionsPerHour,
    reversalsPerHour: guards.reversalsPerHour ?? pace.reversalsPerHour,
    freeze: guards.freeze,
  };
}

function lawFigures(policy: Policy, loop: ReplicasLoopPolicy) {
  const { law } = loop;
  const evidenceMaxAgeMs = policy.guards.evidenceMaxAge;
  switch (law.kind) {
    case 'autoscale':
      return { kind: law.kind, config: autoscaleFigures(policy, loop, law.autoscale) };
    case 'pid':
      return { kind: law.kind, config: pidFigures(policy, loop, law.pid) };
    case 'hpa':
      return { kind: law.kind, config: { ...hpaFigures(loop, law.hpa), evidenceMaxAgeMs } };
    case 'stablePanic':
      return {
        kind: law.kind,
        config: { ...stablePanicFigures(loop, law.stablePanic), evidenceMaxAgeMs },
      };
    case 'capacity': {
      const { utilization, workers: workersPerReplica, serviceTime: serviceTimeMs } = law.capacity;
      const figures = given({ utilization, workersPerReplica, serviceTimeMs });
      return { kind: law.kind, config: { ...figures, evidenceMaxAgeMs } };
    }
    case 'predictive': {
      const { utilization, costOver: costTauMs, calendar } = law.predictive;
      const figures = {
        etaMs: seenStartUpMs(loop),
        everyMs: loop.every,
        ...given({ utilization, costTauMs, calendar }),
      };
      return { kind: law.kind, config: { ...figures, evidenceMaxAgeMs } };
    }
    case 'schedule':
      return { kind: law.kind, config: scheduleFigures(policy, loop, law.schedule) };
  }
}

function scheduleFigures(
  { guards }: Policy,
  loop: ReplicasLoopPolicy,
  { windows, otherwise }: ScheduleWords,
) {
  return {
    windows: windows.map(({ when, min, max }) => ({ when, ...given({ min, max }) })),
    ...(otherwise === undefined ? {} : { otherwise: given(otherwise) }),
    leadMs: seenStartUpMs(loop),
    evidenceMaxAgeMs: guards.evidenceMaxAge,
  };
}

function autoscaleFigures(
  { objectives, guards }: Policy,
  loop: ReplicasLoopPolicy,
  { utilization, hold, terms }: ReplicaLawWords['autoscale'],
) {
  const { latency, availability } = objectives;
  // Of 99 % is left 1 %, and not a little more for want of binary digits.
  const mayFail = availability === undefined ? undefined : Number((1 - availability).toFixed(9));
  const errorRatio = mayFail === undefined ? undefined : Math.max(LEAST_ERROR_RATIO, mayFail);
  return {
    p99Ms: latency?.p99 ?? null,
    ...given({ errorRatio, holdMs: hold }),
    startupMs: seenStartUpMs(loop),
    evidenceMaxAgeMs: guards.evidenceMaxAge,
    ...(utilization === undefined ? {} : { utilization: given(utilization) }),
    ...(terms === undefined ? {} : { terms: given(terms) }),
  };
}

/** A start-up time of 0 is one that cannot be seen. */
function seenStartUpMs({ startUp }: ReplicasLoopPolicy): number {
  return Math.max(1_000, startUp);
}

function hpaFigures(
  { limits }: ReplicasLoopPolicy,
  { target, tolerance, behavior }: ReplicaLawWords['hpa'],
) {
  return {
    minReplicas: limits.min,
    maxReplicas: limits.max,
    ...given({
      targetPercent: target === undefined ? undefined : Math.round(100 * target),
      tolerance,
    }),
    ...(behavior === undefined
      ? {}
      : {
          behavior: given({
            scaleUp: behavior.up === undefined ? undefined : hpaRules(behavior.up),
            scaleDown: behavior.down === undefined ? undefined : hpaRules(behavior.down),
          }),
        }),
  };
}

type HpaDirection = NonNullable<NonNullable<ReplicaLawWords['hpa']['behavior']>['up']>;

const SELECT = { max: 'Max', min: 'Min', disabled: 'Disabled' } as const;

function hpaRules({ stabilization, policies, select, tolerance }: HpaDirection) {
  return given({
    stabilizationMs: stabilization,
    selectPolicy: select === undefined ? undefined : SELECT[select],
    tolerance,
    policies: policies?.map((policy) =>
      'pods' in policy
        ? { type: 'Pods' as const, value: policy.pods, periodMs: policy.period }
        : {
            type: 'Percent' as const,
            value: Math.round(100 * policy.percent),
            periodMs: policy.period,
          },
    ),
  });
}

function stablePanicFigures({ limits }: ReplicasLoopPolicy, words: ReplicaLawWords['stablePanic']) {
  const { metric, capacity, utilization, stableWindow, panicWindow, panicThreshold } = words;
  return {
    capacity,
    minReplicas: limits.min,
    ...given({
      metric: metric === undefined ? undefined : PANIC_METRIC[metric],
      utilization,
      stableWindowMs: stableWindow,
      panicWindowMs: panicWindow,
      panicThreshold,
    }),
  };
}

const PANIC_METRIC = { inflight: 'concurrency', rate: 'rps' } as const;

function pidFigures(
  { observe, guards }: Policy,
  { hysteresis, every }: ReplicasLoopPolicy,
  { signal, setpoint, kp, ki, kd }: ReplicaLawWords['pid'],
) {
  return {
    signal: PID_SIGNALS[signal] ?? ('utilization' as const),
    setpoint,
    kp,
    ki,
    kd,
    ...given({ hysteresis }),
    everyMs: every,
    signalWindowMs: observe.window,
    evidenceMaxAgeMs: guards.evidenceMaxAge,
  };
}

/** Any other signal is a gauge of how busy the instances are. */
const PID_SIGNALS: Readonly<Record<string, 'p99Ms' | 'inFlightPerReplica'>> = {
  p99: 'p99Ms',
  inflight: 'inFlightPerReplica',
};

/** Only what was said: the law's own default stands for the rest. */
function given<Words extends object>(
  words: Words,
): { [Word in keyof Words]?: Exclude<Words[Word], undefined> } {
  const said = Object.entries(words).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [Word in keyof Words]?: Exclude<Words[Word], undefined> };
}

import {
  aimd,
  backpressure,
  type ConcurrencyInput,
  capacity,
  cascade,
  type Decision,
  envoyGradient,
  feedbackWeights,
  gradient2,
  hpa,
  latencyBand,
  littlesLaw,
  outlierEjection,
  pid,
  pidReplicas,
  pidVelocity,
  predictiveReplicas,
  type ReplicaObservation,
  type RolloutInput,
  rollout,
  scalingGrid,
  schedule,
  slowStart,
  stablePanic,
  successRate,
  vegas,
} from '../../src/index.ts';
import { autoscale } from '../../src/laws/replicas/autoscale/autoscale.ts';
import { benchOf, between, draw, type LawBench, type Moment } from './bench.ts';

type Numeric = Moment<Decision<number>>;

/** A fleet under a load that swings by half, seen with noise; what is asked for is applied. */
function observation({ index, nowMs, last }: Numeric): ReplicaObservation {
  const applied = between(4, 60, last?.value ?? 20);
  // Every now and then two are starting, for three steps.
  const starting = index % 24 < 3 ? Math.min(2, applied) : 0;
  const ratePerSecond = 1_000 + 500 * Math.sin(index / 40) + 50 * draw(index);
  const utilization = between(0.05, 1, ratePerSecond / (applied * 80));
  return {
    nowMs,
    evidenceAgeMs: 2_000,
    windowMs: 15_000,
    ratePerSecond,
    utilization,
    inFlight: ratePerSecond * 0.012,
    p99Ms: 80 + 200 * utilization ** 6 + 20 * draw(index, 1),
    errorRatio: 0.001,
    applied,
    ready: applied - starting,
    starting,
  };
}

function concurrency({ index, nowMs, last }: Numeric): ConcurrencyInput {
  const applied = between(5, 200, last?.value ?? 20);
  const inFlight = applied * (0.6 + 0.4 * draw(index));
  return {
    nowMs,
    evidenceAgeMs: 100,
    applied,
    inFlight,
    latencyMs: 90 + inFlight * draw(index, 1),
    completedPerSecond: inFlight * 9,
    dropRatio: draw(index, 2) > 0.97 ? 0.05 : 0,
  };
}

const BACKENDS = ['backend-a', 'backend-b', 'backend-c', 'backend-d'] as const;
const EVEN = Object.fromEntries(BACKENDS.map((id) => [id, 1]));

const signal = (index: number) => 0.7 + 0.3 * Math.sin(index / 40) + 0.05 * draw(index);

const REPLICA_LAWS: readonly LawBench[] = [
  benchOf(autoscale, { p99Ms: 200 }, 5_000, observation),
  benchOf(hpa, { targetPercent: 60, maxReplicas: 60 }, 15_000, observation),
  benchOf(stablePanic, { capacity: 10 }, 2_000, observation),
  benchOf(scalingGrid, { rate: { low: 20, high: 60 } }, 30_000, (moment) => ({
    ...observation(moment),
    memory: 0.5,
  })),
  benchOf(
    schedule,
    { windows: [{ when: 'daily 08:00 - 18:00 Europe/Berlin', min: 20 }], leadMs: 60_000 },
    15_000,
    observation,
  ),
  benchOf(predictiveReplicas, {}, 15_000, observation),
  benchOf(cascade, { targetMs: 200 }, 15_000, observation),
  benchOf(pidReplicas, { setpoint: 0.7, ki: 0.005, kd: 2 }, 15_000, (moment) => {
    const { nowMs, evidenceAgeMs, utilization, applied, ready, starting } = observation(moment);
    return { nowMs, evidenceAgeMs, measured: utilization, applied, ready, starting };
  }),
  benchOf(capacity, {}, 15_000, ({ index, nowMs }) => ({
    nowMs,
    evidenceAgeMs: 0,
    ratePerSecond: 1_000 + 100 * draw(index),
    serviceTimeMs: 100,
    applied: 100,
  })),
];

const OTHER_LAWS: readonly LawBench[] = [
  benchOf(
    pid,
    { setpoint: 0.7, action: 'reverse', kp: 20, ki: 0.5, kd: 10, max: 60 },
    10_000,
    ({ index, nowMs, last }) => ({
      nowMs,
      evidenceAgeMs: 0,
      measured: signal(index),
      applied: last?.value ?? 20,
    }),
  ),
  benchOf(
    pidVelocity,
    { setpoint: 0.7, action: 'reverse', kp: 20, ki: 0.5, kd: 10, max: 60 },
    10_000,
    ({ index, nowMs, last }) => ({
      nowMs,
      evidenceAgeMs: 0,
      measured: signal(index),
      applied: last?.value ?? 20,
    }),
  ),
  benchOf(latencyBand, {}, 5_000, ({ index, nowMs, last }) => ({
    nowMs,
    evidenceAgeMs: 0,
    p99Ms: 100 * signal(index) + 30,
    applied: between(100, 5_000, last?.value ?? 1_000),
    rejectRatio: 0.02 * draw(index),
    cpu: 0.6,
    offeredPerSecond: 4_000,
  })),
  benchOf(successRate, {}, 1_000, ({ index, nowMs, last }) => ({
    nowMs,
    evidenceAgeMs: 0,
    calls: 100,
    successes: 90 + Math.round(10 * draw(index)),
    applied: last?.value ?? 0,
  })),
  benchOf(backpressure, {}, 1_000, ({ index, nowMs, last }) => ({
    nowMs,
    evidenceAgeMs: 0,
    queued: Math.round(1_000 * draw(index)),
    drainedPerSecond: 200,
    applied: last?.value ?? 0,
  })),
  benchOf(aimd, {}, 1_000, concurrency),
  benchOf(vegas, {}, 1_000, concurrency),
  benchOf(gradient2, {}, 1_000, concurrency),
  benchOf(envoyGradient, {}, 1_000, concurrency),
  benchOf(littlesLaw, {}, 1_000, concurrency),
  benchOf(feedbackWeights, {}, 10_000, ({ index, nowMs, last }) => ({
    nowMs,
    evidenceAgeMs: 0,
    backends: BACKENDS.map((id, place) => ({
      id,
      requests: 100,
      errorRatio: 0.05 * draw(index, place),
      latencyMs: 100 + 100 * draw(index + 7, place),
      startedAtMs: null,
    })),
    applied: last?.value ?? EVEN,
  })),
  benchOf(outlierEjection, {}, 10_000, ({ index, nowMs, last }) => ({
    nowMs,
    evidenceAgeMs: 0,
    backends: BACKENDS.map((id, place) => ({
      id,
      requests: 1_000,
      errors: draw(index, place) > 0.99 ? 500 : 3,
      consecutiveFailures: 0,
    })),
    weights: EVEN,
    applied: last?.value ?? EVEN,
  })),
  benchOf(slowStart, {}, 10_000, ({ index, nowMs, last }) => ({
    nowMs,
    evidenceAgeMs: 0,
    backends: BACKENDS.map((id, place) => ({
      id,
      startedAtMs: nowMs - 10_000 * ((index + place * 9) % 40),
      requests: 100,
      latencyMs: 100 + 20 * draw(index, place),
    })),
    weights: EVEN,
    applied: last?.value ?? EVEN,
  })),
  benchOf(
    rollout,
    {},
    60_000,
    ({ index, nowMs, last }): RolloutInput => ({
      nowMs,
      evidenceAgeMs: 0,
      applied: last?.value ?? 0,
      canary: { requests: 1_000, errors: Math.round(4 * draw(index)), p99Ms: 120 },
      control: { requests: 9_000, errors: 18, p99Ms: 118 },
      command: index % 200 === 199 ? 'restart' : null,
    }),
  ),
];

export const LAWS: readonly LawBench[] = [...REPLICA_LAWS, ...OTHER_LAWS];

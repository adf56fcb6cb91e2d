import { describe, expect, test } from 'vitest';
import { advancePlant, type PlantFigures, scalePlant, startPlant } from '../../sim/plant.ts';
import { measure } from '../../sim/window.ts';
import type { ReplicaObservation } from '../replicas/observation.ts';
import { cascade } from './cascade.ts';
import type { CascadeConfig } from './cascade-config.ts';

interface Scenario {
  readonly startupMs: number;
  readonly load: (atMs: number) => number;
  readonly config: CascadeConfig;
  readonly minutes: number;
  readonly seed: number;
  readonly max?: number;
}

interface Turn {
  readonly atMs: number;
  readonly p99Ms: number | null;
  readonly utilization: number;
  readonly setpoint: number;
  readonly applied: number;
}

const EVERY_MS = 15_000;
const WINDOW_S = 30;

/** One worker a replica, 100 ms of work a request, exponential: 460 ms is p99 without a queue. */
function run(scenario: Scenario): readonly Turn[] {
  const { startupMs, seed, max = 60 } = scenario;
  let plant = startPlant({
    replicas: 14,
    workersPerReplica: 1,
    meanServiceMs: 100,
    startupMs,
    timeoutMs: 10_000,
    seed,
  });
  let state = cascade.init(scenario.config);
  let spans: PlantFigures[] = [];
  const turns: Turn[] = [];
  while (plant.nowMs < scenario.minutes * 60_000) {
    const advanced = advancePlant(plant, 1_000, { offeredPerSecond: scenario.load(plant.nowMs) });
    plant = advanced.plant;
    spans = [...spans, advanced.figures].slice(-WINDOW_S);
    const { nowMs } = plant;
    if (nowMs % EVERY_MS !== 0) {
      continue;
    }
    const seen = measure(spans, 1_000);
    const applied = plant.replicas.length;
    const ready = plant.replicas.filter((replica) => replica.readyAtMs <= nowMs).length;
    const observation: ReplicaObservation = {
      nowMs,
      evidenceAgeMs: 0,
      windowMs: WINDOW_S * 1_000,
      ratePerSecond: seen.offeredPerSecond,
      utilization: seen.utilization,
      inFlight: null,
      p99Ms: seen.p99Ms,
      errorRatio: seen.errorRatio,
      applied,
      ready,
      starting: applied - ready,
    };
    const step = cascade.step(state, observation);
    state = step.state;
    turns.push({
      atMs: nowMs,
      p99Ms: seen.p99Ms,
      utilization: seen.utilization,
      setpoint: state.inner.config.setpoint,
      applied,
    });
    plant = scalePlant(plant, Math.min(max, step.output.value));
  }
  return turns;
}

const CONFIG: CascadeConfig = { targetMs: 500 };

function reversals(values: readonly number[]): number {
  const moves = values
    .slice(1)
    .map((value, index) => value - (values[index] as number))
    .filter((move) => move !== 0);
  return moves.filter((move, index) => index > 0 && move * (moves[index - 1] as number) < 0).length;
}

const after = (turns: readonly Turn[], minutes: number) =>
  turns.filter((turn) => turn.atMs > minutes * 60_000);

const average = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each([
  { startupMs: 5_000, outerGain: 0.05 },
  { startupMs: 30_000, outerGain: 0.05 },
  { startupMs: 90_000, outerGain: 0.05 },
  { startupMs: 5_000, outerGain: 0.1 },
  { startupMs: 90_000, outerGain: 0.1 },
])('steady load, %o', ({ startupMs, outerGain }) => {
  const turns = [1, 2, 3].map((seed) =>
    run({ startupMs, load: () => 80, config: { ...CONFIG, outerGain }, minutes: 60, seed }),
  );

  test('finds a utilisation at which p99 is near its target', () => {
    for (const each of turns) {
      const late = after(each, 30);
      const p99Ms = average(late.map((turn) => turn.p99Ms ?? 0));
      expect(p99Ms).toBeGreaterThan(455);
      expect(p99Ms).toBeLessThan(515);
      expect(late.at(-1)?.setpoint).toBeGreaterThan(0.72);
    }
  });

  test('and rests there', () => {
    for (const each of turns) {
      const late = after(each, 30);
      expect(reversals(late.map((turn) => turn.applied))).toBeLessThanOrEqual(3);
      const counts = late.map((turn) => turn.applied);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    }
  });
});

describe.each([5_000, 60_000])('twice the load from 20 to 40 min, start-up %i ms', (startupMs) => {
  const load = (atMs: number) => (atMs >= 1_200_000 && atMs < 2_400_000 ? 160 : 80);
  const turns = run({ startupMs, load, config: CONFIG, minutes: 60, seed: 4 });

  test('the inner loop brings the replicas, once', () => {
    const settled = turns.filter((turn) => turn.atMs > 1_620_000 && turn.atMs <= 2_400_000);
    expect(average(settled.map((turn) => turn.p99Ms ?? 0))).toBeLessThan(700);
    expect(Math.max(...turns.map((turn) => turn.applied))).toBeLessThan(45);
  });

  test('the outer loop does not take the surge for a bad setpoint', () => {
    const before = turns.filter((turn) => turn.atMs <= 1_200_000).at(-1)?.setpoint ?? 0;
    const during = turns.filter((turn) => turn.atMs > 1_200_000 && turn.atMs <= 1_500_000);
    expect(Math.min(...during.map((turn) => turn.setpoint))).toBeGreaterThan(before - 0.06);
  });
});

test('a limit that keeps replicas away does not wind the outer loop down', () => {
  const load = (atMs: number) => (atMs < 600_000 ? 80 : 180);
  const scenario = { startupMs: 20_000, load, config: CONFIG, minutes: 30, seed: 5, max: 16 };
  const turns = run(scenario);
  const limited = after(turns, 12);
  expect(limited.every((turn) => turn.applied === 16)).toBe(true);
  const setpoints = limited.map((turn) => turn.setpoint);
  expect(Math.max(...setpoints) - Math.min(...setpoints)).toBeLessThan(0.051);
});

/**
 * A replica loop around the queue plant, closed: measure, PID, guards, approval, actuator.
 *
 *     plant --1 s spans--> window and lag --> law --> guards --> approval --> scale
 */

import { bound } from '../guards/bound.ts';
import type { Guard } from '../guards/guard.ts';
import { type ActionHistory, NO_ACTIONS, recordAction } from '../guards/history.ts';
import { type PidReplicasState, pidReplicas } from '../laws/pid/pid-replicas.ts';
import type { PidReplicasConfig } from '../laws/pid/pid-replicas-config.ts';
import type { Reason } from '../reasons.ts';
import type { Load } from './load.ts';
import {
  advancePlant,
  type Plant,
  type PlantConfig,
  type PlantFigures,
  scalePlant,
  startPlant,
} from './plant.ts';
import { measure } from './window.ts';

export interface ReplicaScenario {
  readonly plant: PlantConfig;
  readonly load: Load;
  readonly durationMs: number;
  readonly law: PidReplicasConfig;
  readonly guards: readonly Guard[];
  readonly everyMs: number;
  /** The signal is the mean over this long, and ends this long ago. */
  readonly windowMs: number;
  readonly lagMs: number;
  /** Time a person takes to approve the newest proposal; 0: nobody is asked. */
  readonly approvalMs?: number;
  /** No evidence comes through in this time. */
  readonly blind?: { readonly fromMs: number; readonly toMs: number };
}

/** One second of a run. */
export interface ReplicaPoint {
  readonly atMs: number;
  readonly offered: number;
  readonly timedOut: number;
  readonly utilization: number;
  readonly p99Ms: number | null;
  readonly applied: number;
  readonly ready: number;
  /** The law's proposal and the reason that was left, in seconds in which it was asked. */
  readonly proposed: number | null;
  readonly reason: Reason | null;
  readonly integral: number;
}

const SPAN_MS = 1_000;

interface Waiting {
  readonly sinceMs: number;
  readonly value: number;
}

/** Runs a scenario to its end. Deterministic: the seed is in the plant's configuration. */
export function runReplicaLoop(scenario: ReplicaScenario): readonly ReplicaPoint[] {
  const points: ReplicaPoint[] = [];
  let plant = startPlant(scenario.plant);
  let law = pidReplicas.init(scenario.law);
  let spans: readonly PlantFigures[] = [];
  let history: ActionHistory = NO_ACTIONS;
  let waiting: Waiting | null = null;
  while (plant.nowMs < scenario.durationMs) {
    const advanced = advancePlant(plant, SPAN_MS, {
      offeredPerSecond: scenario.load(plant.nowMs),
    });
    plant = advanced.plant;
    spans = [...spans, advanced.figures].slice(-(scenario.windowMs + scenario.lagMs) / SPAN_MS);
    const asked: Asked | null =
      plant.nowMs % scenario.everyMs === 0 ? ask(scenario, { law, plant, spans, history }) : null;
    if (asked !== null) {
      law = asked.law;
      waiting = renewed(waiting, asked.value, plant);
    }
    if (waiting !== null && plant.nowMs - waiting.sinceMs >= (scenario.approvalMs ?? 0)) {
      const action = { atMs: plant.nowMs, from: plant.replicas.length, to: waiting.value };
      history = recordAction(history, action);
      plant = scalePlant(plant, waiting.value);
      waiting = null;
    }
    points.push(pointOf(plant, advanced.figures, law, asked));
  }
  return points;
}

/** A newer proposal replaces the older one but not its place in the approver's queue. */
function renewed(waiting: Waiting | null, value: number, plant: Plant): Waiting | null {
  if (value === plant.replicas.length) {
    return null;
  }
  return { sinceMs: waiting?.sinceMs ?? plant.nowMs, value };
}

interface Asked {
  readonly law: PidReplicasState;
  readonly value: number;
  readonly proposed: number;
  readonly reason: Reason;
}

function ask(
  scenario: ReplicaScenario,
  now: {
    readonly law: PidReplicasState;
    readonly plant: Plant;
    readonly spans: readonly PlantFigures[];
    readonly history: ActionHistory;
  },
): Asked {
  const { plant, spans } = now;
  const { lagMs, windowMs, blind } = scenario;
  const visible = spans
    .slice(0, Math.max(1, spans.length - lagMs / SPAN_MS))
    .slice(-windowMs / SPAN_MS);
  const isBlind = blind !== undefined && plant.nowMs >= blind.fromMs && plant.nowMs < blind.toMs;
  const measured = isBlind ? null : measure(visible, SPAN_MS).utilization;
  const evidenceAgeMs = isBlind ? null : lagMs;
  const applied = plant.replicas.length;
  const ready = plant.replicas.filter((replica) => replica.readyAtMs <= plant.nowMs).length;
  const step = pidReplicas.step(now.law, {
    nowMs: plant.nowMs,
    evidenceAgeMs,
    measured,
    applied,
    ready,
    starting: applied - ready,
  });
  const { decision } = bound(scenario.guards, step.output, {
    nowMs: plant.nowMs,
    applied,
    measured,
    evidenceAgeMs,
    history: now.history,
    mode: null,
    frozen: [],
    hand: false,
  });
  return {
    law: step.state,
    value: decision.value,
    proposed: step.output.value,
    reason: decision.reason,
  };
}

function pointOf(
  plant: Plant,
  figures: PlantFigures,
  law: PidReplicasState,
  asked: Asked | null,
): ReplicaPoint {
  return {
    atMs: plant.nowMs,
    offered: figures.offered,
    timedOut: figures.timedOut,
    utilization: figures.utilization,
    p99Ms: measure([figures], SPAN_MS).p99Ms,
    applied: plant.replicas.length,
    ready: figures.ready,
    proposed: asked?.proposed ?? null,
    reason: asked?.reason ?? null,
    integral: law.integral,
  };
}

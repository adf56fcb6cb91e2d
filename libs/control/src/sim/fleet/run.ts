/**
 * A policy around a fleet, closed: one second at a time, decided at the policy's own period.
 *
 *     load --> fleet --> ledger --> telemetry (window, lag, loss) --> policy --> actuator --> fleet
 */
import type { Decision } from '../../decision.ts';
import type { ReplicaObservation } from '../../laws/replicas/observation.ts';
import type { Reason } from '../../reasons.ts';
import { Draws } from '../random.ts';
import type { FleetConfig } from './config.ts';
import { Fleet } from './fleet.ts';
import { Ledger, SECOND_MS } from './ledger.ts';
import { type Change, type Score, scoreOf, violates } from './score.ts';
import { Sight, type Telemetry } from './telemetry.ts';

/** What a policy may know that no real one does: for oracles only. */
export interface Truth {
  readonly load: Workload;
  readonly fleet: FleetConfig;
}

/** Anything that sets replicas: a law with its guards, or a stranger's. */
export interface ReplicaPolicy {
  readonly name: string;
  readonly everyMs: number;
  start(truth: Truth): { decide(observation: ReplicaObservation): Decision<number> };
}

/** Requests a second, for each second, and how much longer each takes than usual. */
export interface Workload {
  readonly name: string;
  readonly perSecond: readonly number[];
  readonly slowdown?: readonly number[];
}

export type FleetFault =
  /** Nothing is seen of this time. */
  | { readonly kind: 'dark'; readonly fromS: number; readonly toS: number }
  /** So many replicas die. */
  | { readonly kind: 'lost-replicas'; readonly atS: number; readonly count: number };

export interface FleetScenario {
  readonly fleet: FleetConfig;
  readonly load: Workload;
  readonly telemetry: Telemetry;
  readonly policy: ReplicaPolicy;
  readonly seed: number;
  /** Default: what serves the load's beginning at 60 %. */
  readonly initial?: number;
  /** Default 1 to 200. */
  readonly limits?: { readonly min: number; readonly max: number };
  /** An order takes so long to be heard, or is not. Default at once, always. */
  readonly actuator?: { readonly delayMs: number; readonly failureRatio: number };
  readonly faults?: readonly FleetFault[];
}

/** One second of a run. */
export interface FleetPoint {
  readonly atS: number;
  readonly ratePerSecond: number;
  readonly utilization: number;
  readonly p99Ms: number | null;
  readonly violates: boolean;
  readonly applied: number;
  readonly ready: number;
  /** In seconds in which the policy was asked. */
  readonly asked: { readonly value: number; readonly reason: Reason } | null;
}

export interface FleetRun {
  readonly points: readonly FleetPoint[];
  readonly score: Score;
}

const MEAN_UTILIZATION = 0.6;
const LIMITS = { min: 1, max: 200 };

export function runFleet(scenario: FleetScenario): FleetRun {
  const run = new Run(scenario);
  run.toEnd();
  return { points: run.points(), score: run.score() };
}

/** The score alone, for a bench that makes thousands of runs. */
export function scoreFleet(scenario: FleetScenario): Score {
  const run = new Run(scenario);
  run.toEnd();
  return run.score();
}

/** Replicas that the mean service time alone would need at this rate and utilisation. */
export function replicasFor(fleet: FleetConfig, perSecond: number, utilization: number): number {
  const busy = (perSecond * fleet.service.meanMs) / SECOND_MS / fleet.workersPerReplica;
  return Math.max(1, Math.ceil(busy / utilization));
}

class Run {
  private readonly scenario: FleetScenario;
  private readonly seconds: number;
  private readonly ledger: Ledger;
  private readonly fleet: Fleet;
  private readonly sight: Sight;
  private readonly luck: Draws;
  private readonly changes: Change[] = [];
  private readonly asked = new Map<number, Decision<number>>();
  private readonly counts: Uint16Array;
  private readonly readies: Uint16Array;
  private orders: { atMs: number; value: number; blind: boolean }[] = [];

  constructor(scenario: FleetScenario) {
    const { fleet, load, seed, telemetry } = scenario;
    this.scenario = scenario;
    this.seconds = load.perSecond.length;
    this.ledger = new Ledger(this.seconds);
    const replicas =
      scenario.initial ?? replicasFor(fleet, load.perSecond[0] ?? 0, MEAN_UTILIZATION);
    this.fleet = new Fleet(fleet, { replicas, seed, ledger: this.ledger });
    const workers = fleet.workersPerReplica;
    this.sight = new Sight(telemetry, { ledger: this.ledger, workers, seed });
    this.luck = new Draws({ seed: seed ^ 0x5f3759df });
    this.counts = new Uint16Array(this.seconds);
    this.readies = new Uint16Array(this.seconds);
  }

  toEnd(): void {
    const { policy, load, fleet, faults = [] } = this.scenario;
    const mind = policy.start({ load, fleet });
    for (let second = 0; second < this.seconds; second += 1) {
      for (const fault of faults) {
        if (fault.kind === 'lost-replicas' && fault.atS === second) this.fleet.lose(fault.count);
      }
      this.fleet.advance(load.perSecond[second] as number, load.slowdown?.[second] ?? 1);
      if (this.fleet.nowMs % policy.everyMs === 0) this.ask(mind);
      this.obey();
      this.counts[second] = this.fleet.count;
      this.readies[second] = this.fleet.ready;
    }
  }

  score(): Score {
    return scoreOf(this.ledger, this.scenario.fleet, this.changes, this.seconds);
  }

  points(): readonly FleetPoint[] {
    const { ledger, scenario } = this;
    const workers = scenario.fleet.workersPerReplica;
    return Array.from({ length: this.seconds }, (_, second): FleetPoint => {
      const readyMs = ledger.readyMs[second] as number;
      const asked = this.asked.get(second);
      return {
        atS: second,
        ratePerSecond: ledger.arrivals[second] as number,
        utilization:
          readyMs > 0 ? Math.min(1, (ledger.busyMs[second] as number) / (readyMs * workers)) : 0,
        p99Ms: ledger.latencyMs(0.99, second - 4, second + 1),
        violates: violates(ledger, second, scenario.fleet),
        applied: this.counts[second] as number,
        ready: this.readies[second] as number,
        asked: asked === undefined ? null : { value: asked.value, reason: asked.reason },
      };
    });
  }

  private ask(mind: { decide(observation: ReplicaObservation): Decision<number> }): void {
    const { limits = LIMITS, actuator, faults = [] } = this.scenario;
    const { fleet } = this;
    const nowMs = fleet.nowMs;
    const seen = this.sight.at(nowMs, (endMs) =>
      faults.some(
        (fault) =>
          fault.kind === 'dark' &&
          endMs > fault.fromS * SECOND_MS &&
          endMs <= fault.toS * SECOND_MS,
      ),
    );
    const { ready, count } = fleet;
    const applied = this.orders.at(-1)?.value ?? count;
    const decision = mind.decide({ nowMs, ...seen, applied, ready, starting: count - ready });
    this.asked.set(nowMs / SECOND_MS - 1, decision);
    const slowStartMs = decision.terms.slowStartMs;
    if (slowStartMs !== undefined) fleet.slowStartMs = slowStartMs;
    const value = Math.min(limits.max, Math.max(limits.min, Math.round(decision.value)));
    if (value === applied || !Number.isFinite(value)) return;
    if (actuator !== undefined && this.luck.uniform() < actuator.failureRatio) return;
    const blind = seen.evidenceAgeMs === null || seen.ratePerSecond === null;
    this.orders.push({ atMs: nowMs + (actuator?.delayMs ?? 0), value, blind });
  }

  private obey(): void {
    const { fleet } = this;
    while (this.orders[0] !== undefined && this.orders[0].atMs <= fleet.nowMs) {
      const { value, blind } = this.orders[0];
      this.orders = this.orders.slice(1);
      if (value === fleet.count) continue;
      this.changes.push({ atMs: fleet.nowMs, from: fleet.count, to: value, blind });
      fleet.scaleTo(value);
    }
  }
}

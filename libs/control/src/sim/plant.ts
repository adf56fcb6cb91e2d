/**
 * A service as a queue: G/G/c with Poisson arrivals, exponential service, one FIFO queue in front
 * of all workers, clients that give up, replicas that take time to start and finish what they
 * have begun before they leave.
 *
 * Checked against Erlang C in `plant.test.ts`. The plant is plain data and seeded: the same seed
 * gives the same run.
 */
import { requirePositive } from '../config.ts';
import { Draws, type Random } from './random.ts';

export interface PlantConfig {
  readonly replicas: number;
  readonly workersPerReplica: number;
  readonly meanServiceMs: number;
  readonly startupMs: number;
  /** A client that has waited this long for its turn is gone: an error. */
  readonly timeoutMs: number;
  readonly seed: number;
}

interface Replica {
  readonly readyAtMs: number;
  /** When each of its workers is free. */
  readonly freeAtMs: readonly number[];
}

/** Plain JSON. */
export interface Plant {
  readonly config: PlantConfig;
  readonly nowMs: number;
  readonly random: Random;
  readonly replicas: readonly Replica[];
  /** Arrival times of those who wait, oldest first. */
  readonly queue: readonly number[];
}

/** What happened in one span. */
export interface PlantFigures {
  readonly offered: number;
  readonly rejected: number;
  readonly timedOut: number;
  /** Of those whose service began. */
  readonly latenciesMs: readonly number[];
  readonly waitsMs: readonly number[];
  /** Busy worker time over ready worker time, 0 to 1. */
  readonly utilization: number;
  readonly ready: number;
  readonly starting: number;
  readonly queued: number;
}

export function startPlant(config: PlantConfig, nowMs = 0): Plant {
  requirePositive('meanServiceMs', config.meanServiceMs);
  requirePositive('workersPerReplica', config.workersPerReplica);
  return {
    config,
    nowMs,
    random: { seed: config.seed },
    replicas: Array.from({ length: config.replicas }, () => replicaFrom(config, nowMs)),
    queue: [],
  };
}

/** The actuator: new replicas start, the newest ones leave first. */
export function scalePlant(plant: Plant, replicas: number): Plant {
  const missing = Math.max(0, replicas - plant.replicas.length);
  const added = Array.from({ length: missing }, () =>
    replicaFrom(plant.config, plant.nowMs + plant.config.startupMs),
  );
  return { ...plant, replicas: [...plant.replicas, ...added].slice(0, replicas) };
}

/** Runs the plant for `spanMs` at a constant load, of which `admitPerSecond` are let in. */
export function advancePlant(
  plant: Plant,
  spanMs: number,
  load: { readonly offeredPerSecond: number; readonly admitPerSecond?: number },
): { readonly plant: Plant; readonly figures: PlantFigures } {
  const endMs = plant.nowMs + spanMs;
  const span = new Span(plant, endMs);
  const admitted = Math.min(1, (load.admitPerSecond ?? Infinity) / load.offeredPerSecond);
  const gapMs = 1_000 / load.offeredPerSecond;
  for (
    let atMs = plant.nowMs + span.draws.exponential(gapMs);
    atMs < endMs;
    atMs += span.draws.exponential(gapMs)
  ) {
    span.arrive(atMs, admitted);
  }
  span.serveUntil(endMs);
  return span.close();
}

function replicaFrom(config: PlantConfig, readyAtMs: number): Replica {
  return { readyAtMs, freeAtMs: Array.from({ length: config.workersPerReplica }, () => readyAtMs) };
}

/** One span at work: local and thrown away after it, so that the plant itself stays data. */
class Span {
  readonly draws: Draws;
  private readonly plant: Plant;
  private readonly endMs: number;
  private readonly workers: number[];
  private readonly waiting: number[];
  private readonly latenciesMs: number[] = [];
  private readonly waitsMs: number[] = [];
  private offered = 0;
  private rejected = 0;
  private timedOut = 0;
  private busyMs = 0;

  constructor(plant: Plant, endMs: number) {
    this.plant = plant;
    this.endMs = endMs;
    this.draws = new Draws(plant.random);
    this.workers = plant.replicas.flatMap((replica) => replica.freeAtMs);
    this.waiting = [...plant.queue];
    for (const replica of plant.replicas) {
      for (const freeAtMs of replica.freeAtMs) {
        const begunMs = Math.max(plant.nowMs, replica.readyAtMs);
        this.busyMs += Math.max(0, Math.min(freeAtMs, endMs) - begunMs);
      }
    }
  }

  arrive(atMs: number, admitted: number): void {
    this.offered += 1;
    if (this.draws.uniform() >= admitted) {
      this.rejected += 1;
      return;
    }
    this.waiting.push(atMs);
    this.serveUntil(atMs);
  }

  /** The head of the queue takes the worker that is free first, as long as that is by `atMs`. */
  serveUntil(atMs: number): void {
    let served = 0;
    for (const arrivedMs of this.waiting) {
      const worker = this.firstFree();
      const beginMs = Math.max(arrivedMs, this.workers[worker] ?? Number.POSITIVE_INFINITY);
      const gaveUp = Math.min(beginMs, atMs) - arrivedMs > this.plant.config.timeoutMs;
      if (gaveUp) {
        this.timedOut += 1;
      } else if (beginMs <= atMs) {
        this.serve(worker, arrivedMs, beginMs);
      } else {
        break;
      }
      served += 1;
    }
    this.waiting.splice(0, served);
  }

  close(): { readonly plant: Plant; readonly figures: PlantFigures } {
    const { plant, endMs } = this;
    const { workersPerReplica } = plant.config;
    const replicas = plant.replicas.map((replica, index) => ({
      ...replica,
      freeAtMs: this.workers.slice(index * workersPerReplica, (index + 1) * workersPerReplica),
    }));
    const readyMs = replicas.reduce(
      (sum, { readyAtMs }) => sum + Math.max(0, endMs - Math.max(readyAtMs, plant.nowMs)),
      0,
    );
    const ready = replicas.filter((replica) => replica.readyAtMs <= endMs).length;
    return {
      plant: { ...plant, nowMs: endMs, random: this.draws.random, replicas, queue: this.waiting },
      figures: {
        offered: this.offered,
        rejected: this.rejected,
        timedOut: this.timedOut,
        latenciesMs: this.latenciesMs,
        waitsMs: this.waitsMs,
        utilization: readyMs > 0 ? Math.min(1, this.busyMs / (readyMs * workersPerReplica)) : 0,
        ready,
        starting: replicas.length - ready,
        queued: this.waiting.length,
      },
    };
  }

  private serve(worker: number, arrivedMs: number, beginMs: number): void {
    const finishMs = beginMs + this.draws.exponential(this.plant.config.meanServiceMs);
    this.workers[worker] = finishMs;
    this.busyMs += Math.min(finishMs, this.endMs) - beginMs;
    this.latenciesMs.push(finishMs - arrivedMs);
    this.waitsMs.push(beginMs - arrivedMs);
  }

  private firstFree(): number {
    let first = 0;
    for (let index = 1; index < this.workers.length; index += 1) {
      if ((this.workers[index] as number) < (this.workers[first] as number)) {
        first = index;
      }
    }
    return first;
  }
}

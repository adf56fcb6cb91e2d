/**
 *   arrivals --> [ inside < limit ? ] --> FIFO queue --> workers --> answered or given up on
 *                       |
 *                       +--> turned away
 *
 * One service behind a concurrency limit, call by call: Poisson arrivals, exponential service, one
 * queue. The law sees each second's figures `lag` seconds late and sets the limit for the next.
 */
import type { Law } from '../../decision.ts';
import type { LawReason } from '../../reasons.ts';
import { Draws } from '../../sim/random.ts';
import type { ConcurrencyInput } from './limit.ts';

export interface Scene {
  readonly workers: number;
  /** Offered per second, by second. */
  readonly offered: (second: number) => number;
  /** Mean service time by second. */
  readonly serviceMs: (second: number) => number;
  /** A caller gives up after this long; the work is done all the same. Default: never. */
  readonly timeoutMs?: number;
  /** Share of calls the service refuses by itself, by second. Default 0. */
  readonly refused?: (second: number) => number;
  readonly seconds: number;
  readonly seed: number;
  /** Limit at the start. Default 20. */
  readonly start?: number;
  /** Seconds by which figures are late. Default 0: those of the second that just ended. */
  readonly lag?: number;
}

export interface Second {
  readonly limit: number;
  readonly reason: string;
  readonly latencyMs: number | null;
  readonly answered: number;
  readonly turnedAway: number;
}

type Figures = Pick<
  ConcurrencyInput,
  'inFlight' | 'latencyMs' | 'completedPerSecond' | 'dropRatio'
> & { readonly turnedAway: number };

interface Call {
  readonly startMs: number;
  readonly endMs: number;
}

/** When the calls inside end, soonest first. */
class Ends {
  private readonly sorted: number[];
  private gone = 0;

  constructor(calls: readonly Call[]) {
    this.sorted = calls.map((call) => call.endMs).sort((a, b) => a - b);
  }

  /** How many end after this moment; moments only grow. */
  after(atMs: number): number {
    while ((this.sorted[this.gone] ?? Number.POSITIVE_INFINITY) <= atMs) {
      this.gone += 1;
    }
    return this.sorted.length - this.gone;
  }

  add(endMs: number): void {
    let place = this.sorted.length;
    while (place > this.gone && (this.sorted[place - 1] as number) > endMs) {
      place -= 1;
    }
    this.sorted.splice(place, 0, endMs);
  }
}

/** Calls inside, until they end; latencies and integrals are kept per second. */
class Service {
  private readonly scene: Scene;
  private readonly draws: Draws;
  private readonly freeMs: number[];
  private inside: Call[] = [];

  constructor(scene: Scene) {
    this.scene = scene;
    this.draws = new Draws({ seed: scene.seed });
    this.freeMs = new Array<number>(scene.workers).fill(0);
  }

  second(second: number, limit: number): Figures {
    const fromMs = second * 1_000;
    const toMs = fromMs + 1_000;
    const gapMs = 1_000 / this.scene.offered(second);
    const calls = [...this.inside];
    const open = new Ends(this.inside);
    let turnedAway = 0;
    for (
      let atMs = fromMs + this.draws.exponential(gapMs);
      atMs < toMs;
      atMs += this.draws.exponential(gapMs)
    ) {
      if (open.after(atMs) >= limit) {
        turnedAway += 1;
      } else {
        const call = this.admit(atMs, second);
        open.add(call.endMs);
        calls.push(call);
      }
    }
    this.inside = calls.filter((call) => call.endMs > toMs);
    return this.figures(calls, fromMs, toMs, second, turnedAway);
  }

  private admit(atMs: number, second: number): Call {
    let first = 0;
    for (let index = 1; index < this.freeMs.length; index += 1) {
      first = (this.freeMs[index] as number) < (this.freeMs[first] as number) ? index : first;
    }
    const beginMs = Math.max(atMs, this.freeMs[first] as number);
    const endMs = beginMs + this.draws.exponential(this.scene.serviceMs(second));
    this.freeMs[first] = endMs;
    return { startMs: atMs, endMs };
  }

  private figures(
    calls: readonly Call[],
    fromMs: number,
    toMs: number,
    second: number,
    turnedAway: number,
  ): Figures {
    const { timeoutMs = Number.POSITIVE_INFINITY, refused } = this.scene;
    const ended = calls.filter((call) => call.endMs <= toMs);
    const inTime = ended.filter((call) => call.endMs - call.startMs <= timeoutMs);
    const lost = this.draws.binomial(inTime.length, refused?.(second) ?? 0);
    const answered = inTime.length - lost;
    const insideMs = calls.reduce(
      (sum, { startMs, endMs }) => sum + Math.min(endMs, toMs) - Math.max(startMs, fromMs),
      0,
    );
    const latencies = inTime.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    return {
      inFlight: insideMs / 1_000,
      latencyMs: answered > 0 ? latencies / inTime.length : null,
      completedPerSecond: answered,
      dropRatio: ended.length > 0 ? 1 - answered / ended.length : null,
      turnedAway,
    };
  }
}

/** Closes the loop around a law. */
export function runQueue<State>(
  law: Pick<Law<never, State, ConcurrencyInput, number>, 'step'>,
  start: State,
  scene: Scene,
): readonly Second[] {
  const service = new Service(scene);
  const seen: Figures[] = [];
  const points: Second[] = [];
  let state = start;
  let limit = scene.start ?? 20;
  for (let second = 0; second < scene.seconds; second += 1) {
    const figures = service.second(second, limit);
    seen.push(figures);
    const shown = seen[Math.max(0, second - (scene.lag ?? 0))] as Figures;
    const nowMs = 1_000_000 + (second + 1) * 1_000;
    const evidenceAgeMs = (scene.lag ?? 0) * 1_000;
    const input = { nowMs, evidenceAgeMs, applied: limit, ...shown };
    const step = law.step(state, input);
    state = step.state;
    limit = step.output.value;
    points.push({
      limit,
      reason: step.output.reason,
      latencyMs: figures.latencyMs,
      answered: figures.completedPerSecond ?? 0,
      turnedAway: figures.turnedAway,
    });
  }
  return points;
}

/** What the original Gradient2 does: a long average for a base, and no look at drops. */
export function originalGradient2(maxLimit: number) {
  const step = (longMs: number | null, input: ConcurrencyInput) => {
    const { applied, latencyMs, inFlight } = input;
    const long =
      longMs === null ? (latencyMs ?? 1) : longMs + ((latencyMs ?? longMs) - longMs) / 300;
    const gradient = Math.max(0.5, Math.min(1, (1.5 * long) / (latencyMs ?? long)));
    const smoothed = applied + 0.2 * (gradient * applied + 4 - applied);
    const next = (inFlight ?? 0) < applied / 2 ? applied : Math.min(maxLimit, smoothed);
    const reason: LawReason = 'room-to-grow';
    return { state: long, output: { value: next, reason, terms: {} } };
  };
  return { step };
}

export function meanOf(points: readonly Second[], figure: (point: Second) => number): number {
  return points.reduce((sum, point) => sum + figure(point), 0) / points.length;
}

/** 100 ms to 700 ms between the second and the twelfth minute. */
export function leak(second: number): number {
  return 100 * (1 + 6 * Math.min(1, Math.max(0, (second - 120) / 600)));
}

/**
 * The plant: a service as a fleet of replicas under a stream of requests, request by request.
 *
 *     Poisson arrivals --balancer--> FIFO queue of a replica --> its workers --> an answer in time
 *              ^                                                    |            or none: again
 *              +------------------------ retries ------------------+
 *
 * A queue is FIFO and its service times are drawn on arrival, so that the whole life of a request
 * is known when it is assigned; no event queue is needed but for retries. Checked against Erlang C
 * in `fleet.test.ts`. Seeded: the same seed gives the same run.
 */
import { requirePositive, requireThat } from '../../config.ts';
import { Draws } from '../random.ts';
import type { FleetConfig } from './config.ts';
import { type Ledger, SECOND_MS } from './ledger.ts';
import { Retries } from './retries.ts';
import { serviceTimes } from './service-time.ts';

interface Replica {
  readonly readyAtMs: number;
  readonly speed: number;
  /** When each of its workers is free. */
  readonly freeAtMs: Float64Array;
  /** The balancer's share for it, 0 to 1, in turns not yet taken. */
  credit: number;
}

export class Fleet {
  nowMs = 0;
  private readonly config: FleetConfig;
  private readonly ledger: Ledger;
  private readonly draws: Draws;
  private readonly drawService: (draws: Draws) => number;
  private readonly retries = new Retries();
  /** Newest last. */
  private replicas: Replica[] = [];
  private serving: Replica[] = [];
  private turn = 0;
  /** Service takes this many times as long as usual. */
  private slowdown = 1;
  /** New replicas get their share of requests evenly over this long; 0: all of it at once. */
  slowStartMs = 0;

  constructor(config: FleetConfig, start: { replicas: number; seed: number; ledger: Ledger }) {
    requirePositive('workersPerReplica', config.workersPerReplica);
    requireThat(config.speeds.length > 0, 'speeds', config.speeds, 'at least one speed');
    this.config = config;
    this.ledger = start.ledger;
    this.draws = new Draws({ seed: start.seed });
    this.drawService = serviceTimes(config.service);
    for (let index = 0; index < start.replicas; index += 1) {
      this.add(-config.warmup.durationMs);
    }
    this.admit();
  }

  get count(): number {
    return this.replicas.length;
  }

  get ready(): number {
    let ready = 0;
    for (const replica of this.replicas) if (replica.readyAtMs <= this.nowMs) ready += 1;
    return ready;
  }

  /** New replicas start; those that leave are the newest, and finish what they have. */
  scaleTo(count: number): void {
    const { meanMs, spread } = this.config.startup;
    while (this.replicas.length < count) {
      const startupMs = meanMs * (1 + spread * (2 * this.draws.uniform() - 1));
      this.add(this.nowMs + startupMs);
    }
    while (this.replicas.length > count) {
      const leaving = this.replicas.pop() as Replica;
      const doneMs = Math.max(...leaving.freeAtMs);
      if (leaving.readyAtMs <= this.nowMs) {
        this.ledger.spread(this.ledger.paidMs, this.nowMs, Math.max(this.nowMs, doneMs));
      }
    }
  }

  /** `count` replicas die, the oldest first, and come up again as new ones. */
  lose(count: number): void {
    const lost = this.replicas.splice(0, count).length;
    this.scaleTo(this.replicas.length + lost);
  }

  /** One second of the given load. */
  advance(ratePerSecond: number, slowdown = 1): void {
    this.slowdown = slowdown;
    const fromMs = this.nowMs;
    const endMs = fromMs + SECOND_MS;
    const gapMs = ratePerSecond > 0 ? SECOND_MS / ratePerSecond : Number.POSITIVE_INFINITY;
    let nextMs = fromMs + this.draws.exponential(gapMs);
    let readyMs = this.nextReadyMs(fromMs);
    for (;;) {
      const retryMs = this.retries.nextMs;
      const atMs = Math.min(nextMs, retryMs);
      if (atMs >= endMs) break;
      if (atMs >= readyMs) {
        this.nowMs = atMs;
        this.admit();
        readyMs = this.nextReadyMs(atMs);
      }
      if (retryMs <= nextMs) {
        const { firstMs, left } = this.retries.pop();
        this.attempt(atMs, firstMs, left);
      } else {
        this.attempt(atMs, atMs, this.config.client.retries);
        nextMs += this.draws.exponential(gapMs);
      }
    }
    this.nowMs = endMs;
    this.account(fromMs, endMs);
    this.admit();
  }

  private account(fromMs: number, endMs: number): void {
    for (const replica of this.replicas) {
      this.ledger.spread(this.ledger.paidMs, fromMs, endMs);
      const sinceMs = Math.max(fromMs, replica.readyAtMs);
      if (sinceMs < endMs) this.ledger.spread(this.ledger.readyMs, sinceMs, endMs);
    }
  }

  private add(readyAtMs: number): void {
    const speeds = this.config.speeds;
    const speed = speeds[Math.floor(this.draws.uniform() * speeds.length)] as number;
    const freeAtMs = new Float64Array(this.config.workersPerReplica).fill(Math.max(0, readyAtMs));
    this.replicas.push({ readyAtMs, speed, freeAtMs, credit: 0 });
  }

  /** The balancer learns who is ready. */
  private admit(): void {
    this.serving = this.replicas.filter((replica) => replica.readyAtMs <= this.nowMs);
  }

  private nextReadyMs(afterMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { readyAtMs } of this.replicas) {
      if (readyAtMs > afterMs && readyAtMs < nextMs) nextMs = readyAtMs;
    }
    return nextMs;
  }

  private attempt(atMs: number, firstMs: number, left: number): void {
    const { ledger, config } = this;
    const second = Math.floor(atMs / SECOND_MS);
    ledger.arrivals[second] = (ledger.arrivals[second] as number) + 1;
    const deadlineMs = atMs + config.client.timeoutMs;
    const endMs = this.serve(atMs, deadlineMs);
    if (endMs <= deadlineMs) {
      ledger.spread(ledger.insideMs, atMs, endMs);
      const latencyMs = endMs - firstMs;
      ledger.end(endMs, latencyMs, { failed: false, bad: latencyMs > config.objective.latencyMs });
      return;
    }
    ledger.spread(ledger.insideMs, atMs, deadlineMs);
    if (left > 0) {
      const pauseMs = config.client.backoffMs * (0.5 + this.draws.uniform());
      this.retries.push(deadlineMs + pauseMs, firstMs, left - 1);
    } else {
      ledger.end(deadlineMs, deadlineMs - firstMs, { failed: true, bad: true });
    }
  }

  /** When the answer is there; infinity: the client is gone before its turn. */
  private serve(atMs: number, deadlineMs: number): number {
    const replica = this.pick(atMs);
    if (replica === undefined) return Number.POSITIVE_INFINITY;
    const { freeAtMs } = replica;
    let worker = 0;
    for (let index = 1; index < freeAtMs.length; index += 1) {
      if ((freeAtMs[index] as number) < (freeAtMs[worker] as number)) worker = index;
    }
    const beginMs = Math.max(atMs, freeAtMs[worker] as number);
    if (beginMs >= deadlineMs) return Number.POSITIVE_INFINITY;
    const workMs =
      (this.drawService(this.draws) * this.slowdown * this.coldness(replica, beginMs)) /
      replica.speed;
    freeAtMs[worker] = beginMs + workMs;
    this.ledger.spread(this.ledger.busyMs, beginMs, beginMs + workMs);
    return beginMs + workMs;
  }

  private coldness(replica: Replica, atMs: number): number {
    const { durationMs, slowdown } = this.config.warmup;
    const ageMs = atMs - replica.readyAtMs;
    return ageMs >= durationMs ? 1 : 1 + (slowdown - 1) * (1 - ageMs / durationMs);
  }

  private pick(atMs: number): Replica | undefined {
    const { serving } = this;
    if (serving.length < 2) return serving[0];
    return this.config.balancing === 'round-robin'
      ? this.next(atMs)
      : this.better(this.draw(atMs), this.draw(atMs), atMs);
  }

  private next(atMs: number): Replica | undefined {
    const { serving } = this;
    for (let tries = 0; tries < 2 * serving.length; tries += 1) {
      this.turn = (this.turn + 1) % serving.length;
      const replica = serving[this.turn] as Replica;
      replica.credit += this.share(replica, atMs);
      if (replica.credit >= 1) {
        replica.credit -= 1;
        return replica;
      }
    }
    return serving[this.turn];
  }

  private draw(atMs: number): Replica {
    const { serving } = this;
    const drawn = serving[Math.floor(this.draws.uniform() * serving.length)] as Replica;
    if (this.slowStartMs === 0 || this.draws.uniform() < this.share(drawn, atMs)) return drawn;
    return serving[Math.floor(this.draws.uniform() * serving.length)] as Replica;
  }

  private share(replica: Replica, atMs: number): number {
    if (this.slowStartMs === 0) return 1;
    return Math.min(1, Math.max(LEAST_SHARE, (atMs - replica.readyAtMs) / this.slowStartMs));
  }

  private better(a: Replica, b: Replica, atMs: number): Replica {
    return workLeft(a, atMs) <= workLeft(b, atMs) ? a : b;
  }
}

const LEAST_SHARE = 0.1;

function workLeft({ freeAtMs, speed }: Replica, atMs: number): number {
  let left = 0;
  for (let index = 0; index < freeAtMs.length; index += 1) {
    left += Math.max(0, (freeAtMs[index] as number) - atMs);
  }
  return left * speed;
}

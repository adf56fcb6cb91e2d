/**
 * Membership and targets by leases in one store, simulated: what Flyball does.
 *
 *     a node asks for its targets every pollMs; when its lease is heartbeatMs old, this renews it
 *     the controller reads all leases every cycleMs: who did not renew for ttlMs is gone
 *     what it decides is written to the store, and is at a node with the node's next answer
 *
 * Self-preservation: when more than 15 % are gone at once the network is to blame, and nobody is
 * taken for gone. Who gets no answer keeps its targets and asks again after timeoutMs + pollMs.
 *
 * The store is one queue, first come first served: a written row costs writeMs, a statement that
 * reads readMs and rowMs for each row, all durable and all together what one PostgreSQL may be
 * counted on for (10,000 writes or 20,000 small reads a second). These three are assumptions, and
 * only the sizes at which the store is full depend on them.
 *
 * Defaults: as shipped (`LEASES_AS_SHIPPED`): guards poll every second, each poll renews, TTL
 * 15 s, cycle 5 s, one write and three reads. `LEASES_FRUGAL`: poll 5 s, heartbeat 10 s, TTL 30 s.
 */

import { Agenda } from '../agenda.ts';
import { Draws } from '../random.ts';
import {
  CRASH_MS,
  CRASHED,
  CUT_MS,
  HEAL_MS,
  isCut,
  JOIN_MS,
  NOTHING_SEEN,
  QUIET_UNTIL_MS,
  type ScaleFigures,
  type ScaleScenario,
  type ScaleSetup,
  type Spread,
  type StoreFigures,
  setupOf,
  Traffic,
  Watch,
} from './scenario.ts';

export interface LeaseConfig {
  readonly pollMs: number;
  readonly heartbeatMs: number;
  readonly ttlMs: number;
  readonly cycleMs: number;
  readonly timeoutMs: number;
  readonly networkMs: number;
  /** Statements that read, and rows they return, in one poll. */
  readonly reads: number;
  readonly rows: number;
  readonly writeMs: number;
  readonly readMs: number;
  readonly rowMs: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
  readonly rowBytes: number;
}

/** Guards of one service know of each other: ten in a service, and three rows each of targets. */
export const LEASES_AS_SHIPPED: LeaseConfig = {
  pollMs: 1_000,
  heartbeatMs: 1_000,
  ttlMs: 15_000,
  cycleMs: 5_000,
  timeoutMs: 2_000,
  networkMs: 1,
  reads: 3,
  rows: 16,
  writeMs: 0.1,
  readMs: 0.05,
  rowMs: 0.001,
  requestBytes: 900,
  answerBytes: 500,
  rowBytes: 400,
};

/** What the same design may be slowed down to. */
export const LEASES_FRUGAL: LeaseConfig = {
  ...LEASES_AS_SHIPPED,
  pollMs: 5_000,
  heartbeatMs: 10_000,
  ttlMs: 30_000,
};

const GONE_AT_ONCE = 0.15;

/** Runs the scenario's events over a fleet that holds leases. Deterministic by seed. */
export function runLeases(
  scenario: ScaleScenario,
  config: LeaseConfig = LEASES_AS_SHIPPED,
): ScaleFigures {
  return new Fleet(setupOf(scenario), config).run();
}

/** The one store: work waits for the work before it. */
class Store {
  private freeMs = 0;
  private statements = 0;
  private bytes = 0;
  private busyMs = 0;

  work(atMs: number, work: { statements: number; bytes: number; costMs: number }): number {
    if (atMs < QUIET_UNTIL_MS) {
      this.statements += work.statements;
      this.bytes += work.bytes;
      this.busyMs += work.costMs;
    }
    this.freeMs = Math.max(this.freeMs, atMs) + work.costMs;
    return this.freeMs;
  }

  figures(): StoreFigures {
    const quietS = QUIET_UNTIL_MS / 1_000;
    return {
      statementsPerSecond: this.statements / quietS,
      bytesPerSecond: this.bytes / quietS,
      busyRatio: Math.min(1, this.busyMs / QUIET_UNTIL_MS),
    };
  }
}

/** Something the controller has published, and who of those it is for has it. */
class News {
  private readonly sinceMs: number;
  private readonly isFor: (node: number) => boolean;
  private readonly watch: Watch;
  private publishedMs: number | null = null;

  constructor(sinceMs: number, expected: number, isFor: (node: number) => boolean) {
    this.sinceMs = sinceMs;
    this.isFor = isFor;
    this.watch = new Watch(sinceMs, expected);
  }

  publish(atMs: number): void {
    if (atMs >= this.sinceMs) this.publishedMs ??= atMs;
  }

  read(node: number, readMs: number, atMs: number): void {
    const isPublished = this.publishedMs !== null && readMs >= this.publishedMs;
    if (isPublished && this.isFor(node)) this.watch.saw(node, atMs);
  }

  spread(): Spread {
    return this.watch.spread();
  }
}

class Fleet {
  private readonly setup: ScaleSetup;
  private readonly config: LeaseConfig;
  private readonly draws: Draws;
  private readonly agenda = new Agenda();
  private readonly store = new Store();
  private readonly traffic: Traffic;
  private readonly controller: number;
  /** When each lease was last renewed; before the run: never. */
  private readonly renewedMs: Float64Array;
  private readonly listed: Uint8Array;
  private readonly crash: News;
  private readonly join: News;
  private readonly cut: News;
  private readonly healed: News;
  private decision: News | undefined;
  private falsePositives = 0;

  constructor(setup: ScaleSetup, config: LeaseConfig) {
    const { nodes, joiner, cutFrom } = setup;
    this.setup = setup;
    this.config = config;
    this.draws = new Draws({ seed: setup.seed });
    this.traffic = new Traffic(nodes + 1);
    this.controller = joiner + 1;
    this.renewedMs = new Float64Array(nodes + 1).fill(Number.NEGATIVE_INFINITY);
    this.listed = new Uint8Array(nodes + 1).fill(1, 0, nodes);
    const isOld = (node: number) => node !== joiner;
    this.crash = new News(CRASH_MS, nodes - 1, isOld);
    this.join = new News(JOIN_MS, nodes - 1, isOld);
    // The newcomer stands in for the crashed one.
    this.cut = new News(CUT_MS, cutFrom, (node) => !isCut(setup, node));
    this.healed = new News(HEAL_MS, nodes, () => true);
    for (let node = 0; node < nodes; node += 1) {
      this.renewedMs[node] = -this.draws.uniform() * config.heartbeatMs;
      this.agenda.add(this.draws.uniform() * config.pollMs, node);
    }
    this.agenda.add(JOIN_MS, joiner);
    this.agenda.add(this.draws.uniform() * config.cycleMs, this.controller);
  }

  run(): ScaleFigures {
    for (
      let event = this.agenda.next();
      event !== undefined && event.atMs < this.setup.endMs;
      event = this.agenda.next()
    ) {
      if (event.what === this.controller) this.cycle(event.atMs);
      else this.poll(event.what, event.atMs);
    }
    const { nodes } = this.setup;
    return {
      nodes,
      ...this.traffic.figures(nodes),
      store: this.store.figures(),
      decision: this.decision?.spread() ?? NOTHING_SEEN,
      crash: this.crash.spread(),
      join: this.join.spread(),
      cutMs: this.cut.spread().allMs,
      healedMs: this.healed.spread().allMs,
      falsePositives: this.falsePositives,
    };
  }

  private isAway(node: number, nowMs: number): boolean {
    return isCut(this.setup, node) && nowMs >= CUT_MS && nowMs < HEAL_MS;
  }

  private isUp(node: number, nowMs: number): boolean {
    return node === this.setup.joiner ? nowMs >= JOIN_MS : node !== CRASHED || nowMs < CRASH_MS;
  }

  /** A node asks: its lease is renewed, and it is answered with what is published. */
  private poll(node: number, nowMs: number): void {
    if (!this.isUp(node, nowMs)) return;
    const { config } = this;
    this.traffic.count(node, config.requestBytes, nowMs);
    const answeredMs = this.ask(node, nowMs);
    const isInTime = answeredMs !== null && answeredMs - nowMs <= config.timeoutMs;
    if (isInTime) {
      this.traffic.count(node, config.answerBytes, answeredMs);
      const readMs = answeredMs - config.networkMs;
      for (const news of this.published()) news.read(node, readMs, answeredMs);
    }
    this.agenda.add((isInTime ? answeredMs : nowMs + config.timeoutMs) + config.pollMs, node);
  }

  /** When the answer is at the node; null: never. */
  private ask(node: number, nowMs: number): number | null {
    const { config, setup } = this;
    if (this.isAway(node, nowMs) || this.draws.uniform() < setup.lossRatio) return null;
    const renews = nowMs - (this.renewedMs[node] as number) >= config.heartbeatMs;
    const written = renews ? 1 : 0;
    const doneMs = this.store.work(nowMs + config.networkMs, {
      statements: written + config.reads,
      bytes: written * config.rowBytes + config.rows * config.rowBytes,
      costMs: written * config.writeMs + config.reads * config.readMs + config.rows * config.rowMs,
    });
    if (renews) this.renewedMs[node] = doneMs;
    return this.draws.uniform() < setup.lossRatio ? null : doneMs + config.networkMs;
  }

  /** The controller reads who lives, and publishes what follows from it. */
  private cycle(nowMs: number): void {
    const { config, setup } = this;
    const rows = setup.nodes;
    const readMs = this.store.work(nowMs, {
      statements: 1,
      bytes: rows * config.rowBytes,
      costMs: config.readMs + rows * config.rowMs,
    });
    const lives = (node: number) => readMs - (this.renewedMs[node] as number) <= config.ttlMs;
    const nodes = [...this.listed.keys()];
    const gone = nodes.filter((node) => this.listed[node] === 1 && !lives(node));
    const known = nodes.filter((node) => this.listed[node] === 1).length;
    if (gone.length <= Math.max(1, GONE_AT_ONCE * known)) {
      for (const node of gone) this.drop(node, nowMs);
    }
    for (const node of nodes) if (lives(node)) this.listed[node] = 1;
    const write = { statements: 1, bytes: config.rowBytes, costMs: config.writeMs };
    this.publish(nowMs, this.store.work(readMs, write));
    this.agenda.add(Math.max(nowMs + config.cycleMs, readMs), this.controller);
  }

  private drop(node: number, nowMs: number): void {
    this.listed[node] = 0;
    if (nowMs < CUT_MS && this.isUp(node, nowMs)) this.falsePositives += 1;
  }

  private publish(nowMs: number, writtenMs: number): void {
    const { joiner, cutFrom } = this.setup;
    const rack = this.listed.subarray(cutFrom, joiner);
    if (nowMs >= QUIET_UNTIL_MS && this.decision === undefined) {
      this.decision = new News(nowMs, this.setup.nodes, (node) => node !== joiner);
      this.decision.publish(writtenMs);
    }
    if (this.listed[CRASHED] === 0) this.crash.publish(writtenMs);
    if (this.listed[joiner] === 1) this.join.publish(writtenMs);
    if (rack.every((listed) => listed === 0)) this.cut.publish(writtenMs);
    const isWhole = this.listed.every((listed, node) => listed === 1 || node === CRASHED);
    if (nowMs >= HEAL_MS && isWhole) this.healed.publish(writtenMs);
  }

  private published(): readonly News[] {
    const always = [this.crash, this.join, this.cut, this.healed];
    return this.decision === undefined ? always : [this.decision, ...always];
  }
}

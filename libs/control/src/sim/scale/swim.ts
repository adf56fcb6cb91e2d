/**
 * Membership by gossip (SWIM), simulated: nobody keeps a list for all, everybody tells everybody.
 *
 *     each period a node probes one other: ping, ack; unanswered: k others are asked to ping it
 *     unanswered still: suspect;  suspect for suspicionFactor log10(n) periods: faulty
 *     who hears that it is suspected says that it lives, with a higher incarnation
 *     news ride on probes and answers, each spreadFactor ceil(log10(n + 1)) times by each node
 *
 * Defaults: period 1 s, k = 3, suspicion and spread factor 4, at most 30 news in a message: those
 * of the SWIM libraries in use. News grow by a factor a period until all know: O(log n) rounds.
 *
 * Targets are walked through in strides of each node's own, so that each is probed within n
 * periods. What happens within a probe (some 100 ms) happens at once.
 *
 * Self-doubt, as in Lifeguard: of a node whose probes fail three more times than they succeed the
 * network is to blame. It tells and declares nothing, and takes over the list of the first that
 * answers and does not doubt itself. Without it a small part that was cut off poisons the rest
 * with its suspicions as soon as it is back.
 *
 * Source: A. Das, I. Gupta, A. Motivala, SWIM, 2002; A. Dadgar and others, Lifeguard, 2018.
 */
import { Draws } from '../random.ts';
import {
  ALIVE,
  Beliefs,
  FAULTY,
  incarnationOf,
  keyOf,
  SUSPECT,
  statusOf,
  UNKNOWN,
} from './beliefs.ts';

import {
  CRASH_MS,
  CRASHED,
  CUT_MS,
  HEAL_MS,
  isCut,
  JOIN_MS,
  NOTHING_SEEN,
  ORIGIN,
  QUIET_UNTIL_MS,
  type ScaleFigures,
  type ScaleScenario,
  type ScaleSetup,
  setupOf,
  Traffic,
  Watch,
} from './scenario.ts';
import { Verdicts } from './verdicts.ts';
import { Walks } from './walks.ts';

export interface SwimConfig {
  readonly periodMs: number;
  readonly helpers: number;
  readonly suspicionFactor: number;
  readonly spreadFactor: number;
  readonly mostNews: number;
  readonly headerBytes: number;
  readonly newsBytes: number;
}

const DEFAULTS: SwimConfig = {
  periodMs: 1_000,
  helpers: 3,
  suspicionFactor: 4,
  spreadFactor: 4,
  mostNews: 30,
  headerBytes: 60,
  newsBytes: 40,
};

interface News {
  readonly subject: number;
  readonly key: number;
  told: number;
}

interface Suspicion {
  readonly subject: number;
  readonly key: number;
  readonly dueMs: number;
}

const DOUBTS_FROM = 3;
const MOST_DOUBT = 8;

/** Runs the scenario's events over a fleet that gossips. Deterministic by seed. */
export function runGossip(scenario: ScaleScenario, more: Partial<SwimConfig> = {}): ScaleFigures {
  const setup = setupOf(scenario);
  const config = { ...DEFAULTS, ...more };
  const swarm = new Swarm(setup, config);
  const { order, phaseMs } = swarm;
  for (let startMs = 0; startMs < setup.endMs; startMs += config.periodMs) {
    for (const node of order) {
      swarm.turn(node, startMs + (phaseMs[node] as number));
    }
  }
  return swarm.figures();
}

class Swarm {
  readonly order: readonly number[];
  readonly phaseMs: Float64Array;
  private readonly setup: ScaleSetup;
  private readonly config: SwimConfig;
  private readonly draws: Draws;
  private readonly members: number;
  private readonly decisionId: number;
  private readonly beliefs: Beliefs;
  private readonly verdicts: Verdicts;
  private readonly walks: Walks;
  private readonly traffic: Traffic;
  private readonly up: Uint8Array;
  private readonly incarnation: Uint16Array;
  private readonly doubt: Uint8Array;
  private readonly news: News[][];
  private readonly suspicions: Suspicion[][];
  private readonly mostTold: number;
  private readonly suspicionMs: number;
  private readonly events: { readonly atMs: number; readonly happen: () => void }[];
  private readonly falselyFaulty = new Set<number>();
  private decision: Watch | undefined;
  private crash: Watch | undefined;
  private join: Watch | undefined;
  private parted = false;
  private nowMs = 0;
  private cutMs: number | null = null;
  private healedMs: number | null = null;

  constructor(setup: ScaleSetup, config: SwimConfig) {
    this.setup = setup;
    this.config = config;
    this.draws = new Draws({ seed: setup.seed });
    this.members = setup.nodes + 1;
    this.decisionId = this.members;
    this.beliefs = new Beliefs(this.members, this.members + 1, setup.joiner);
    this.up = new Uint8Array(this.members).fill(1, 0, setup.nodes);
    this.verdicts = new Verdicts(setup, this.up);
    this.walks = new Walks(this.members, this.draws);
    this.traffic = new Traffic(this.members);
    this.incarnation = new Uint16Array(this.members);
    this.doubt = new Uint8Array(this.members);
    this.news = Array.from({ length: this.members }, () => []);
    this.suspicions = Array.from({ length: this.members }, () => []);
    const log = Math.log10(setup.nodes + 1);
    this.mostTold = config.spreadFactor * Math.ceil(log);
    this.suspicionMs = config.suspicionFactor * Math.max(1, log) * config.periodMs;
    this.phaseMs = Float64Array.from(
      { length: this.members },
      () => this.draws.uniform() * config.periodMs,
    );
    const phase = (node: number) => this.phaseMs[node] as number;
    this.order = [...this.up.keys()].toSorted((a, b) => phase(a) - phase(b));
    this.events = this.timeline();
  }

  private timeline(): { readonly atMs: number; readonly happen: () => void }[] {
    return [
      { atMs: QUIET_UNTIL_MS, happen: () => this.decide() },
      { atMs: CRASH_MS, happen: () => this.kill() },
      { atMs: JOIN_MS, happen: () => this.admit() },
      { atMs: CUT_MS, happen: () => this.part(true) },
      { atMs: HEAL_MS, happen: () => this.part(false) },
    ];
  }

  /** One protocol period of one node. */
  turn(node: number, nowMs: number): void {
    for (let next = this.events[0]; next !== undefined && next.atMs <= nowMs; ) {
      this.events.shift();
      this.nowMs = next.atMs;
      next.happen();
      next = this.events[0];
    }
    this.nowMs = nowMs;
    if (this.up[node] === 0) return;
    this.expire(node);
    const target = this.walks.next(node, (other) => this.isListed(node, other));
    if (target === null) return;
    const doubt = this.doubt[node] as number;
    if (this.probe(node, target)) {
      if (this.doubts(node) && !this.doubts(target)) this.rejoin(node, target);
      else this.doubt[node] = Math.max(0, doubt - 1);
      return;
    }
    this.doubt[node] = Math.min(MOST_DOUBT, doubt + 1);
    const key = this.beliefs.get(node, target);
    if (!this.doubts(node) && statusOf(key) === ALIVE) this.believe(node, target, key + 1);
  }

  figures(): ScaleFigures {
    return {
      nodes: this.setup.nodes,
      ...this.traffic.figures(this.setup.nodes),
      store: null,
      decision: this.decision?.spread() ?? NOTHING_SEEN,
      crash: this.crash?.spread() ?? NOTHING_SEEN,
      join: this.join?.spread() ?? NOTHING_SEEN,
      cutMs: this.cutMs,
      healedMs: this.healedMs,
      falsePositives: this.falselyFaulty.size,
    };
  }

  private doubts(node: number): boolean {
    return (this.doubt[node] as number) >= DOUBTS_FROM;
  }

  private isListed(observer: number, other: number): boolean {
    const key = this.beliefs.get(observer, other);
    return other !== observer && key !== UNKNOWN && statusOf(key) !== FAULTY;
  }

  private probe(node: number, target: number): boolean {
    if (this.send(node, target) && this.send(target, node)) return true;
    let answered = false;
    for (let asked = 0; asked < this.config.helpers; asked += 1) {
      const helper = this.helper(node, target);
      if (helper === null) break;
      const reached = this.send(node, helper) && this.send(helper, target);
      answered = (reached && this.send(target, helper) && this.send(helper, node)) || answered;
    }
    return answered;
  }

  private helper(node: number, target: number): number | null {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const other = Math.floor(this.draws.uniform() * this.members);
      if (other !== target && this.isListed(node, other)) return other;
    }
    return null;
  }

  /** One message with the news that ride on it; false: it did not arrive. */
  private send(from: number, to: number): boolean {
    const news = this.takeNews(from);
    const bytes = this.config.headerBytes + news.length * this.config.newsBytes;
    this.traffic.count(from, bytes, this.nowMs);
    const away =
      this.up[to] === 0 ||
      (this.parted && isCut(this.setup, from) !== isCut(this.setup, to)) ||
      this.draws.uniform() < this.setup.lossRatio;
    if (away) return false;
    this.traffic.count(to, bytes, this.nowMs);
    for (const { subject, key } of news) this.hear(to, subject, key);
    return true;
  }

  /** The newest first, then those told least; told often enough, or overtaken: forgotten. */
  private takeNews(from: number): readonly News[] {
    const waiting = this.news[from] as News[];
    if (waiting.length === 0) return waiting;
    const taken: News[] = [];
    const doubts = this.doubts(from);
    let read = 0;
    while (read < waiting.length && taken.length < this.config.mostNews) {
      const each = waiting[read] as News;
      read += 1;
      const isCurrent = this.beliefs.get(from, each.subject) === each.key;
      const isTold = !doubts || this.isGood(each);
      if (isCurrent && isTold) taken.push(each);
    }
    waiting.splice(0, read);
    for (const each of taken) {
      each.told += 1;
      if (each.told < this.mostTold) waiting.push(each);
    }
    return taken;
  }

  private isGood({ subject, key }: News): boolean {
    return subject === this.decisionId || statusOf(key) === ALIVE;
  }

  private hear(observer: number, subject: number, key: number): void {
    if (observer === subject) {
      this.refute(observer, key);
    } else if (key > this.beliefs.get(observer, subject)) {
      this.believe(observer, subject, key);
    }
  }

  private refute(node: number, key: number): void {
    if (statusOf(key) === ALIVE || incarnationOf(key) < (this.incarnation[node] as number)) return;
    this.announce(node, incarnationOf(key) + 1);
  }

  private announce(node: number, incarnation: number): void {
    this.incarnation[node] = incarnation;
    this.believe(node, node, keyOf(incarnation, ALIVE));
  }

  /** Takes something for true, and will tell it. */
  private believe(observer: number, subject: number, key: number): void {
    this.note(observer, subject, key);
    (this.news[observer] as News[]).unshift({ subject, key, told: 0 });
    if (subject !== this.decisionId && statusOf(key) === SUSPECT) {
      const dueMs = this.nowMs + this.suspicionMs;
      (this.suspicions[observer] as Suspicion[]).push({ subject, key, dueMs });
    }
  }

  private note(observer: number, subject: number, key: number): void {
    const before = this.beliefs.get(observer, subject);
    this.beliefs.set(observer, subject, key);
    if (subject === this.decisionId) {
      this.decision?.saw(observer, this.nowMs);
      return;
    }
    if (observer === subject) return;
    this.verdicts.moved(observer, subject, statusOf(before) === FAULTY, statusOf(key) === FAULTY);
    if (subject === CRASHED && statusOf(key) === FAULTY) this.crash?.saw(observer, this.nowMs);
    if (subject === this.setup.joiner && key !== UNKNOWN) this.join?.saw(observer, this.nowMs);
    if (this.parted && this.cutMs === null && this.verdicts.allOfCutGone()) {
      this.cutMs = this.nowMs - CUT_MS;
    }
    const isBack = this.nowMs >= HEAL_MS && this.healedMs === null;
    if (isBack && this.verdicts.livingHeldGone === 0) this.healedMs = this.nowMs - HEAL_MS;
  }

  /** Suspicions that nobody refuted in time. They come due in the order they arose in. */
  private expire(node: number): void {
    const waiting = this.suspicions[node] as Suspicion[];
    if (this.doubts(node)) return;
    for (let first = waiting[0]; first !== undefined && first.dueMs <= this.nowMs; ) {
      waiting.shift();
      const { subject, key } = first;
      if (this.beliefs.get(node, subject) === key) {
        // One for each incarnation, however many nodes come to the same verdict.
        if (this.up[subject] === 1 && this.nowMs < CUT_MS) {
          this.falselyFaulty.add(subject * 65_536 + key);
        }
        this.believe(node, subject, key + 1);
      }
      first = waiting[0];
    }
  }

  /** Takes over the other's list, and says to all that it lives. */
  private rejoin(node: number, other: number): void {
    this.doubt[node] = 0;
    this.news[node] = [];
    this.suspicions[node] = [];
    const bytes = this.setup.nodes * this.config.newsBytes;
    this.traffic.count(node, bytes, this.nowMs);
    this.traffic.count(other, bytes, this.nowMs);
    for (const subject of this.beliefs.heardOf()) {
      const key = this.beliefs.get(other, subject);
      if (subject !== node && key !== this.beliefs.get(node, subject)) {
        this.note(node, subject, key);
      }
    }
    const held = incarnationOf(this.beliefs.get(other, node));
    this.announce(node, Math.max(held, this.incarnation[node] as number) + 1);
    this.hear(other, node, this.beliefs.get(node, node));
  }

  private decide(): void {
    this.decision = new Watch(QUIET_UNTIL_MS, this.setup.nodes);
    this.believe(ORIGIN, this.decisionId, 1);
  }

  private kill(): void {
    this.crash = new Watch(CRASH_MS, this.setup.nodes - 1);
    this.up[CRASHED] = 0;
    this.verdicts.recount(this.beliefs);
  }

  /** The newcomer knows one node, and has its list from it. */
  private admit(): void {
    const { joiner, nodes } = this.setup;
    this.join = new Watch(JOIN_MS, nodes - 1);
    this.up[joiner] = 1;
    this.rejoin(joiner, ORIGIN);
  }

  private part(parted: boolean): void {
    this.parted = parted;
    this.verdicts.recount(this.beliefs);
    if (!parted && this.verdicts.livingHeldGone === 0) this.healedMs = 0;
  }
}

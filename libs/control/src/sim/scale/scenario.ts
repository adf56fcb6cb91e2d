/** What happens to a fleet of nodes in a scale simulation, and what is measured of it. */
import { requireRatio, requireThat } from '../../config.ts';

export interface ScaleScenario {
  /** Nodes at the start, 5 to 20,000. */
  readonly nodes: number;
  readonly seed: number;
  /** Share of messages that are lost. Default 1 %. */
  readonly lossRatio?: number;
  /** The run ends here; what would happen later does not. Default `SCALE_END_MS`. */
  readonly endMs?: number;
}

/*
 *   0 s     20 s       40 s      100 s    160 s        220 s     300 s
 *   quiet   decision   a crash   a join   a rack cut   healed    end
 */
export const QUIET_UNTIL_MS = 20_000;
export const CRASH_MS = 40_000;
export const JOIN_MS = 100_000;
export const CUT_MS = 160_000;
export const HEAL_MS = 220_000;
const SCALE_END_MS = 300_000;

/** The decision begins here in gossip; with leases it comes by the controller's own cycle. */
export const ORIGIN = 0;
export const CRASHED = 1;

/** Nodes in the rack that is cut: one in 100, at most these. */
const RACK = 40;

export interface ScaleSetup {
  readonly nodes: number;
  readonly seed: number;
  readonly lossRatio: number;
  readonly endMs: number;
  /** The newcomer's number: one beyond the nodes of the start. */
  readonly joiner: number;
  /** From this number on, the newcomer apart, nodes stand in the rack that is cut. */
  readonly cutFrom: number;
}

export function setupOf(scenario: ScaleScenario): ScaleSetup {
  const { nodes, seed, lossRatio = 0.01, endMs = SCALE_END_MS } = scenario;
  const usable = Number.isInteger(nodes) && nodes >= 5 && nodes <= 20_000;
  requireThat(usable, 'nodes', nodes, 'a whole number from 5 to 20,000');
  requireRatio('lossRatio', lossRatio);
  const cut = Math.min(RACK, Math.max(1, Math.floor(nodes / 100)));
  return { nodes, seed, lossRatio, endMs, joiner: nodes, cutFrom: nodes - cut };
}

export function isCut(setup: ScaleSetup, node: number): boolean {
  return node >= setup.cutFrom && node < setup.joiner;
}

/** How long after an event nodes knew of it; null: not within the run. */
export interface Spread {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly allMs: number | null;
}

export interface ScaleFigures {
  readonly nodes: number;
  /** Sent and received by one node in quiet seconds: the mean over nodes, and the busiest one. */
  readonly messagesPerSecond: number;
  readonly mostMessagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Mean over nodes, in the worst second of the run. */
  readonly peakBytesPerSecond: number;
  /** What the store does in quiet seconds; null: there is none. */
  readonly store: StoreFigures | null;
  /** From a decision to its being in force at the nodes: its age there. */
  readonly decision: Spread;
  /** Until the others know that a node is gone, or has come. */
  readonly crash: Spread;
  readonly join: Spread;
  /** Until all others know that all of the rack are gone. */
  readonly cutMs: number | null;
  /** From the end of the cut until nobody takes a live node for gone. */
  readonly healedMs: number | null;
  /** Live nodes taken for gone before the cut. */
  readonly falsePositives: number;
}

export interface StoreFigures {
  readonly statementsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Share of its time it works, 1: it is full. */
  readonly busyRatio: number;
}

/** Notes when each node first knew of something. */
export class Watch {
  private readonly sinceMs: number;
  private readonly expected: number;
  private readonly seen = new Set<number>();
  private readonly tookMs: number[] = [];

  constructor(sinceMs: number, expected: number) {
    this.sinceMs = sinceMs;
    this.expected = expected;
  }

  saw(node: number, atMs: number): void {
    if (this.seen.has(node)) return;
    this.seen.add(node);
    this.tookMs.push(atMs - this.sinceMs);
  }

  /** Nearest rank, over all who should know. */
  spread(): Spread {
    const sorted = this.tookMs.toSorted((a, b) => a - b);
    const rank = (share: number) => sorted[Math.ceil(share * this.expected) - 1] ?? null;
    return { p50Ms: rank(0.5), p99Ms: rank(0.99), allMs: rank(1) };
  }
}

export const NOTHING_SEEN: Spread = { p50Ms: null, p99Ms: null, allMs: null };

/** Messages and bytes of nodes, by second. */
export class Traffic {
  private readonly bytes: number[] = [];
  private readonly quietMessages: Uint32Array;
  private quietBytes = 0;

  constructor(nodes: number) {
    this.quietMessages = new Uint32Array(nodes);
  }

  /** One message at one end of it. */
  count(node: number, bytes: number, atMs: number): void {
    const second = Math.floor(atMs / 1_000);
    this.bytes[second] = (this.bytes[second] ?? 0) + bytes;
    if (atMs < QUIET_UNTIL_MS) {
      this.quietMessages[node] = (this.quietMessages[node] ?? 0) + 1;
      this.quietBytes += bytes;
    }
  }

  figures(
    nodes: number,
  ): Pick<
    ScaleFigures,
    'messagesPerSecond' | 'mostMessagesPerSecond' | 'bytesPerSecond' | 'peakBytesPerSecond'
  > {
    const quietS = QUIET_UNTIL_MS / 1_000;
    const total = this.quietMessages.reduce((sum, count) => sum + count, 0);
    const most = this.quietMessages.reduce((max, count) => Math.max(max, count), 0);
    // A message that is answered after the end falls into a second that is not whole.
    const peak = this.bytes.slice(0, -1).reduce((max, bytes) => Math.max(max, bytes ?? 0), 0);
    return {
      messagesPerSecond: total / nodes / quietS,
      mostMessagesPerSecond: most / quietS,
      bytesPerSecond: this.quietBytes / nodes / quietS,
      peakBytesPerSecond: peak / nodes,
    };
  }
}

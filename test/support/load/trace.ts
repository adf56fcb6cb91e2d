import type { Random } from './random.ts';

export const KIND = { internal: 1, server: 2, client: 3 } as const;

/** One span of a made-up trace; times are relative to an arbitrary beginning. */
export interface MadeSpan {
  /** Index of its parent in the trace; -1: the root. */
  readonly parent: number;
  readonly kind: number;
  /** Depth below the root in calls from service to service. */
  readonly hops: number;
  /** Calls a database: a leaf. */
  database: boolean;
  readonly startNs: number;
  readonly endNs: number;
  /** Where the error began: it carries the exception. */
  origin: boolean;
  failed: boolean;
}

export interface TraceOptions {
  readonly spans: number;
  readonly failed: boolean;
  /** Takes longer than a second. */
  readonly slow: boolean;
}

const MS = 1e6;
/** Every trace begins and ends within this long before it is sent. */
export const LONGEST_NS = 4000 * MS;

function rootDurationNs(random: Random, slow: boolean): number {
  if (slow) return (1100 + random.below(2500)) * MS;
  // Roughly log-normal around 60 ms, below a second.
  const exponent = (random.fraction() + random.fraction() + random.fraction() - 1.5) * 2;
  return Math.min(900, 60 * Math.exp(exponent)) * MS;
}

/** Calls branch: half of the spans are called by the newest one, the others by any earlier one. */
function parentOf(random: Random, index: number): number {
  return random.fraction() < 0.5 ? index - 1 : random.below(index);
}

/**
 * A trace as services make it: a server span at the root, clients below servers, servers below
 * clients, children within their parents, an error passed up to the root.
 */
export function makeTrace(random: Random, options: TraceOptions): MadeSpan[] {
  const lengthNs = rootDurationNs(random, options.slow);
  const root = { parent: -1, kind: KIND.server, hops: 0, database: false };
  const open = { origin: false, failed: false };
  const spans: MadeSpan[] = [
    { ...root, ...open, startNs: LONGEST_NS - lengthNs, endNs: LONGEST_NS },
  ];
  for (let index = 1; index < options.spans; index += 1) {
    const parent = parentOf(random, index);
    const above = spans[parent] as MadeSpan;
    const room = above.endNs - above.startNs;
    const startNs = above.startNs + Math.floor(random.fraction() * 0.4 * room);
    const endNs = above.endNs - Math.floor(random.fraction() * 0.3 * room);
    const kind = above.kind === KIND.server ? KIND.client : KIND.server;
    const hops = above.hops + (kind === KIND.server ? 1 : 0);
    spans.push({ parent, kind, hops, database: false, ...open, startNs, endNs });
  }
  const called = new Set(spans.map(({ parent }) => parent));
  spans.forEach((span, index) => {
    span.database = span.kind === KIND.client && !called.has(index);
  });
  if (options.failed) fail(spans, random.below(spans.length));
  return spans;
}

function fail(spans: readonly MadeSpan[], origin: number): void {
  (spans[origin] as MadeSpan).origin = true;
  for (let at = origin; at >= 0; at = (spans[at] as MadeSpan).parent) {
    (spans[at] as MadeSpan).failed = true;
  }
}

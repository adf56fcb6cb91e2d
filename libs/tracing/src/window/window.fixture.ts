import type { Trigger, WindowConfig } from './config.ts';

/** The collector ships with these, but for the seed. */
export const WINDOW_CONFIG: WindowConfig = {
  rootDelayMs: 2_000,
  timeoutMs: 30_000,
  maxTraces: 1_000_000,
  maxSpans: 4_000_000,
  maxBytes: 512 * 2 ** 20,
  maxSpansPerTrace: 50_000,
  maxBytesPerTrace: 64 * 2 ** 20,
  keptMemory: 100_000,
  droppedMemory: 1_000_000,
  hashSeed: 0,
};

/** A span as the twin sees it. */
export interface TwinSpan {
  traceId: string;
  spanId: string;
  root: boolean;
}

interface TwinTrace {
  traceId: string;
  spans: TwinSpan[];
  firstSeenMs: number;
  rootSeenMs: number | undefined;
  /** Roots seen before this one's. */
  rootOrder: number;
  /** Set when it is due at once. */
  now: Trigger | undefined;
}

export interface TwinDue {
  traceId: string;
  trigger: Trigger;
  spans: string[];
}

/**
 * The window in the plainest way: arrays, searched from the front. It forgets no decision and does
 * not count bytes; everything else must agree with the real one.
 */
export class TwinWindow {
  readonly #config: WindowConfig;
  #traces: TwinTrace[] = [];
  readonly #decided = new Map<string, boolean>();
  #closing = false;
  #roots = 0;

  constructor(config: WindowConfig) {
    this.#config = config;
  }

  get traces(): number {
    return this.#traces.length;
  }

  get spans(): number {
    return this.#traces.reduce((sum, trace) => sum + trace.spans.length, 0);
  }

  shutdown(): void {
    this.#closing = true;
  }

  add(spans: readonly TwinSpan[], nowMs: number, knownOnly = false): Record<string, number> {
    const result = { added: 0, duplicates: 0, lateDropped: 0, lateKept: 0, unheld: 0 };
    for (const span of spans) {
      let trace = this.#traces.find(({ traceId }) => traceId === span.traceId);
      const decided = this.#decided.get(span.traceId);
      if (trace === undefined && decided === false) {
        result.lateDropped += 1;
        continue;
      }
      if (knownOnly && trace === undefined && decided === undefined) {
        result.unheld += 1;
        continue;
      }
      if (trace?.spans.some(({ spanId }) => spanId === span.spanId)) {
        result.duplicates += 1;
        continue;
      }
      if (trace === undefined) {
        const now = decided === true ? ('late' as const) : undefined;
        trace = {
          traceId: span.traceId,
          spans: [],
          firstSeenMs: nowMs,
          rootSeenMs: undefined,
          rootOrder: 0,
          now,
        };
        this.#traces.push(trace);
      }
      trace.spans.push(span);
      if (span.root && trace.now === undefined && trace.rootSeenMs === undefined) {
        trace.rootSeenMs = nowMs;
        trace.rootOrder = this.#roots;
        this.#roots += 1;
      }
      if (trace.now === 'late') result.lateKept += 1;
      else result.added += 1;
      if (trace.spans.length >= this.#config.maxSpansPerTrace) trace.now ??= 'span_limit';
    }
    return result;
  }

  due(nowMs: number): TwinDue | undefined {
    const found = this.#find(nowMs);
    if (found === undefined) return undefined;
    const [trace, trigger] = found;
    this.#traces = this.#traces.filter((other) => other !== trace);
    return { traceId: trace.traceId, trigger, spans: trace.spans.map(({ spanId }) => spanId) };
  }

  settle(traceId: string, keep: boolean): void {
    this.#decided.set(traceId, keep);
  }

  #find(nowMs: number): [TwinTrace, Trigger] | undefined {
    const { rootDelayMs, timeoutMs, maxTraces, maxSpans } = this.#config;
    const forced = this.#traces.filter(({ now }) => now !== undefined);
    // A trace becomes due at once in the order in which that happened, which the twin does not
    // note: it is asked for all of them, and the test compares them as a set.
    if (forced[0] !== undefined) return [forced[0], forced[0].now as Trigger];
    const [oldest] = this.#traces;
    if (oldest === undefined) return undefined;
    if (this.#closing) return [oldest, 'shutdown'];
    const [rooted] = this.#traces
      .filter(({ rootSeenMs }) => rootSeenMs !== undefined)
      .sort((left, right) => left.rootOrder - right.rootOrder);
    if (rooted !== undefined && (rooted.rootSeenMs as number) + rootDelayMs <= nowMs) {
      return [rooted, 'root'];
    }
    if (oldest.firstSeenMs + timeoutMs <= nowMs) return [oldest, 'timeout'];
    if (this.traces <= maxTraces && this.spans <= maxSpans) return undefined;
    return [rooted ?? oldest, 'evicted'];
  }
}

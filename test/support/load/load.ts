import { setTimeout as pause } from 'node:timers/promises';
import { type LoadCounters, Tally } from './counters.ts';
import { type FreshBody, FreshGroups, PREFIX } from './fresh.ts';
import { Random } from './random.ts';
import { LOAD_SHAPE, type LoadShape, makeGroups } from './template.ts';
import type { Reply, Transport } from './transport.ts';
import { grpcTransport } from './transport-grpc.ts';
import { httpTransport } from './transport-http.ts';

export interface LoadOptions extends Partial<LoadShape> {
  /** Scheme, host and port of the receiver, e.g. `http://127.0.0.1:4317`. */
  readonly target: string;
  readonly protocol: 'grpc' | 'http';
  /** Spans per second; undefined: as many as the receiver takes. */
  readonly rate?: number;
  /** Ends by itself after so long; undefined: at {@link Load.stop}. */
  readonly durationMs?: number;
  /** Ends by itself after so many spans (whole groups). */
  readonly maxSpans?: number;
  /** Requests in flight at most. */
  readonly concurrency?: number;
  readonly connections?: number;
  readonly timeoutMs?: number;
  /** Tries of one request, the first included, before it is given up. */
  readonly maxAttempts?: number;
  /** Told of every accepted request before its ids are used up. */
  readonly onAccepted?: (request: AcceptedRequest) => void;
}

export interface AcceptedRequest {
  readonly spans: number;
  /** Spans of traces that have an error, which default rules keep; ids in hex. */
  failed(): { readonly traceId: string; readonly spanId: string }[];
}

export interface Load {
  counters(): LoadCounters;
  /** Makes no more; resolves when every answer has come or was given up. */
  stop(): Promise<LoadCounters>;
  /** Resolves when the load has ended, by itself or by {@link stop}. */
  readonly done: Promise<LoadCounters>;
}

const DEFAULTS = { concurrency: 16, connections: 4, timeoutMs: 30_000, maxAttempts: 10 };
const TICK_MS = 5;
/** Spans due longer ago than this are skipped: a load does not make up for a long outage. */
const MAX_BEHIND_MS = 1000;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;

/** Starts to send made-up traces, as many as asked for; what becomes of them is counted. */
export function startLoad(options: LoadOptions): Load {
  const run = new LoadRun({ ...LOAD_SHAPE, ...DEFAULTS, ...options });
  const done = run.run();
  return {
    done,
    counters: () => run.tally.counters(),
    stop() {
      run.stopping.abort();
      return done;
    },
  };
}

type Settings = LoadOptions & LoadShape & typeof DEFAULTS;

class LoadRun {
  readonly tally = new Tally();
  readonly stopping = new AbortController();
  private readonly settings: Settings;
  private readonly transport: Transport;
  private readonly groups;
  private readonly fresh;
  private queue: FreshBody[] = [];
  private variant = 0;
  private readonly flying = new Set<Promise<void>>();

  constructor(settings: Settings) {
    const { protocol, target, connections, concurrency, timeoutMs, seed } = settings;
    this.settings = settings;
    this.transport =
      protocol === 'grpc'
        ? grpcTransport({ target, connections, timeoutMs })
        : httpTransport({ target, connections: concurrency, timeoutMs });
    this.groups = makeGroups(settings);
    // Ids differ from run to run: a receiver that remembers the last run must not see them again.
    this.fresh = new FreshGroups(new Random(seed ^ (Date.now() & 0x7fffffff)));
  }

  async run(): Promise<LoadCounters> {
    try {
      await this.produce();
      await Promise.all(this.flying);
    } finally {
      this.transport.close();
    }
    return this.tally.counters();
  }

  private async produce(): Promise<void> {
    const { concurrency } = this.settings;
    while (!this.ended()) {
      if (this.flying.size >= concurrency) {
        await Promise.race(this.flying);
        continue;
      }
      const waitMs = this.untilDueMs();
      // Timers are too coarse for one request: those due by then go out together.
      if (waitMs > 0) await pause(Math.max(waitMs, TICK_MS));
      else this.launch();
    }
    // A group that has begun is sent whole, so that no trace lacks spans of its own accord.
    while (this.queue.length > 0) {
      if (this.flying.size >= concurrency) await Promise.race(this.flying);
      else this.launch();
    }
  }

  private ended(): boolean {
    const { durationMs = Number.POSITIVE_INFINITY, maxSpans = Number.POSITIVE_INFINITY } =
      this.settings;
    if (this.stopping.signal.aborted || this.tally.spans >= maxSpans) return true;
    return performance.now() - this.tally.startedMs >= durationMs;
  }

  private untilDueMs(): number {
    const { rate } = this.settings;
    if (rate === undefined) return 0;
    const { tally } = this;
    const elapsedMs = performance.now() - tally.startedMs;
    const dueMs = () => ((tally.spans + tally.skipped) * 1000) / rate;
    const behindMs = elapsedMs - dueMs();
    if (behindMs > MAX_BEHIND_MS) {
      tally.skipped += Math.round(((behindMs - MAX_BEHIND_MS) * rate) / 1000);
    }
    return dueMs() - elapsedMs;
  }

  private launch(): void {
    if (this.queue.length === 0) {
      const group = this.groups[this.variant % this.groups.length];
      if (group === undefined) return;
      this.variant += 1;
      this.queue = this.fresh.make(group, Date.now());
    }
    const body = this.queue.shift();
    if (body === undefined) return;
    this.tally.spans += body.template.spans;
    const sent = this.deliver(body).finally(() => this.flying.delete(sent));
    this.flying.add(sent);
  }

  private async deliver(body: FreshBody): Promise<void> {
    const { tally, settings } = this;
    const { spans } = body.template;
    for (let attempt = 1; ; attempt += 1) {
      const startedMs = performance.now();
      const reply = await this.transport.send(body.framed);
      tally.requests += 1;
      tally.bytes += body.framed.length - PREFIX;
      if (reply.kind !== 'unanswered') tally.latencies.add(performance.now() - startedMs);
      if (reply.kind === 'accepted') {
        tally.accepted += spans - reply.rejectedSpans;
        tally.rejected += reply.rejectedSpans;
        settings.onAccepted?.(acceptedOf(body));
        this.fresh.giveBack(body);
        return;
      }
      tally.reason(reply.why);
      if (reply.kind === 'later') tally.postponed += spans;
      if (reply.kind === 'unanswered') tally.unanswered += spans;
      if (reply.kind === 'refused' || !(await this.mayRetry(reply, attempt))) {
        tally.lost += spans;
        return;
      }
      tally.retried += spans;
    }
  }

  /** Waits as the answer asked to, or backs off; false when it is time to give up. */
  private async mayRetry(reply: Reply, attempt: number): Promise<boolean> {
    if (attempt >= this.settings.maxAttempts || this.stopping.signal.aborted) return false;
    const backoffMs = FIRST_BACKOFF_MS * 2 ** (attempt - 1);
    const asked = reply.kind === 'later' ? reply.retryAfterMs : undefined;
    const waitMs = Math.min(asked ?? backoffMs, MAX_BACKOFF_MS);
    try {
      await pause(waitMs, undefined, { signal: this.stopping.signal });
      return true;
    } catch {
      return false;
    }
  }
}

function acceptedOf({ template, framed }: FreshBody): AcceptedRequest {
  const hex = (at: number, size: number) => framed.toString('hex', PREFIX + at, PREFIX + at + size);
  return {
    spans: template.spans,
    failed: () =>
      template.failed.map((span) => ({
        traceId: hex(template.traceAt[span] as number, 16),
        spanId: hex(template.spanAt[span] as number, 8),
      })),
  };
}

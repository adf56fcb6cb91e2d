import { type Link, type LinkAnswer, NotTaken } from './link.port.ts';

export interface ForwarderOptions {
  /** Bytes that may wait for the member. */
  readonly maxBytes: number;
  /** A batch is sent when it is this large … */
  readonly batchBytes: number;
  /** … or its first spans have waited this long. */
  readonly lingerMs: number;
  readonly sendTimeoutMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A member that was not reached for this long is away: its spans are decided here. */
  readonly giveUpAfterMs: number;
  /** How often a member that is away is tried again. */
  readonly probeEveryMs: number;
  /**
   * What was sent arrives, as between threads: a batch without an answer stays the member's own,
   * also while that is away.
   */
  readonly sure: boolean;
}

export const FORWARDER_DEFAULTS: ForwarderOptions = {
  maxBytes: 32 * 1024 * 1024,
  batchBytes: 1024 * 1024,
  lingerMs: 20,
  sendTimeoutMs: 5000,
  minBackoffMs: 50,
  maxBackoffMs: 1000,
  giveUpAfterMs: 5000,
  probeEveryMs: 2000,
  sure: false,
};

/** A queue as full as this is trouble. */
const NEARLY_FULL = 0.9;

export interface ForwarderEvents {
  /**
   * These spans will not reach the member. `away`: it could not be reached and still owns them;
   * `left`: it is no member any more, somebody else owns them.
   */
  returned(batch: Uint8Array, why: 'away' | 'left'): void;
  /** A batch is returned of which nobody knows whether the member has taken it. */
  unsure(): void;
  failed(error: Error): void;
  away(error: Error): void;
  back(): void;
}

/**
 * Spans on their way to the member that owns them: a bounded queue, sent one batch after another
 * in the order they came, so that a slow member makes batches larger rather than more.
 *
 * A member that is full is waited for, and whoever pushes finds no room. One that cannot be reached
 * is tried again, ever more slowly, until `giveUpAfterMs`; then all that waits is returned, and
 * nothing is taken but one batch at a time to see whether it is back. A batch that was sent and
 * never answered may have been taken nevertheless: it is returned, and told to be unsure.
 */
export class Forwarder {
  /** Waiting or being sent. */
  bytes = 0;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  #sinceMs = 0;
  #batch: Uint8Array<ArrayBuffer> | undefined;
  #batchNumber = 0;
  /** The batch was sent, and nobody knows whether it was taken. */
  #unsure = false;
  #sending = false;
  #failures = 0;
  #failingSinceMs: number | undefined;
  #notBeforeMs = 0;
  #away: Error | undefined;
  #closed = false;
  readonly #link: Link;
  readonly #options: ForwarderOptions;
  readonly #events: ForwarderEvents;
  readonly #now: () => number;

  /** @param now a clock that never goes back, ms */
  constructor(link: Link, options: ForwarderOptions, events: ForwarderEvents, now: () => number) {
    this.#link = link;
    this.#options = options;
    this.#events = events;
    this.#now = now;
  }

  get away(): boolean {
    return this.#away !== undefined;
  }

  /** What is wrong with the member, undefined when nothing is. */
  get trouble(): string | undefined {
    if (this.#away !== undefined) return `is away: ${this.#away.message}`;
    if (this.bytes < NEARLY_FULL * this.#options.maxBytes) return undefined;
    return `is slow: ${this.bytes} bytes of its spans wait here`;
  }

  /** False while the member is away: its spans are better decided here. */
  get accepting(): boolean {
    if (this.#closed) return false;
    return !this.away || (this.bytes === 0 && this.#now() >= this.#notBeforeMs);
  }

  /** Whether so many bytes may be pushed; an empty queue takes any one request. */
  room(bytes: number): boolean {
    return this.bytes === 0 || this.bytes + bytes <= this.#options.maxBytes;
  }

  push(request: Uint8Array<ArrayBuffer>): void {
    if (this.#waiting.length === 0) this.#sinceMs = this.#now();
    this.#waiting.push(request);
    this.#waitingBytes += request.length;
    this.bytes += request.length;
    if (this.#waitingBytes >= this.#options.batchBytes) this.tick();
  }

  /** Starts what may be started; call it often, it never waits. `flush`: without lingering. */
  tick(flush = false): void {
    if (this.#sending || this.#closed || this.#now() < this.#notBeforeMs) return;
    this.#batch ??= this.#nextBatch(flush);
    if (this.#batch !== undefined) void this.#send(this.#batch);
  }

  /** Ends: what waits is returned as `left`; what is being sent is, should it fail. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#sending) this.#end();
  }

  #nextBatch(flush: boolean): Uint8Array<ArrayBuffer> | undefined {
    const { batchBytes, lingerMs } = this.#options;
    if (this.#waiting.length === 0) return undefined;
    const due = this.#waitingBytes >= batchBytes || this.#now() - this.#sinceMs >= lingerMs;
    if (!due && !flush) return undefined;
    let count = 0;
    let bytes = 0;
    for (const request of this.#waiting) {
      if (count > 0 && bytes + request.length > batchBytes) break;
      count += 1;
      bytes += request.length;
    }
    // Requests joined end to end are one request.
    const batch = joined(this.#waiting.splice(0, count), bytes);
    this.#waitingBytes -= bytes;
    this.#batchNumber += 1;
    return batch;
  }

  async #send(batch: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#sending = true;
    const startedMs = this.#now();
    try {
      const signal = AbortSignal.timeout(this.#options.sendTimeoutMs);
      this.#answered(batch, await this.#link.send(batch, this.#batchNumber, signal));
    } catch (error) {
      this.#failed(error as Error, startedMs);
    }
    this.#sending = false;
    if (this.#closed) this.#end();
    else this.tick();
  }

  #answered(batch: Uint8Array, answer: LinkAnswer): void {
    switch (answer.kind) {
      case 'taken':
        this.#reached();
        this.#settle(batch);
        return;
      case 'busy':
        this.#reached();
        this.#unsure = false;
        this.#wait(Math.min(answer.retryAfterMs, this.#options.maxBackoffMs));
        return;
      case 'refused':
        this.#unsure = false;
        this.#giveUp(new Error(answer.message));
    }
  }

  #reached(): void {
    this.#failures = 0;
    this.#failingSinceMs = undefined;
    if (!this.away) return;
    this.#away = undefined;
    this.#events.back();
  }

  #failed(error: Error, startedMs: number): void {
    const { minBackoffMs, maxBackoffMs, giveUpAfterMs } = this.#options;
    this.#failures += 1;
    this.#failingSinceMs ??= startedMs;
    // An answer to an earlier attempt would have been the same: the number says which batch it is.
    this.#unsure ||= !(error instanceof NotTaken);
    this.#events.failed(error);
    if (this.away || this.#now() - this.#failingSinceMs >= giveUpAfterMs) this.#giveUp(error);
    else this.#wait(Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(20, this.#failures - 1)));
  }

  #giveUp(error: Error): void {
    const already = this.away;
    this.#away = error;
    this.#wait(this.#options.probeEveryMs);
    if (!already) this.#events.away(error);
    this.#returnAll('away');
  }

  #wait(ms: number): void {
    this.#notBeforeMs = this.#now() + ms;
  }

  #settle(batch: Uint8Array): void {
    this.bytes -= batch.length;
    this.#batch = undefined;
    this.#unsure = false;
  }

  #end(): void {
    this.#link.close();
    this.#returnAll('left');
  }

  #returnAll(why: 'away' | 'left'): void {
    const waiting = this.#waiting;
    const stays = this.#unsure && this.#options.sure && why === 'away';
    if (this.#batch !== undefined && !stays) {
      waiting.unshift(this.#batch);
      if (this.#unsure) this.#events.unsure();
      this.#batch = undefined;
      this.#unsure = false;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.bytes = this.#batch?.length ?? 0;
    for (const batch of waiting) this.#events.returned(batch, why);
  }
}

function joined(
  requests: readonly Uint8Array<ArrayBuffer>[],
  bytes: number,
): Uint8Array<ArrayBuffer> {
  const [only] = requests;
  if (requests.length === 1 && only !== undefined) return only;
  const batch = new Uint8Array(bytes);
  let at = 0;
  for (const request of requests) {
    batch.set(request, at);
    at += request.length;
  }
  return batch;
}

import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 50;
const TIMEOUT_MS = 10_000;
const MAX_WAIT_MS = 2_000;
/** An SDK gives up after about as long. */
const GIVE_UP_MS = 60_000;
const RETRYABLE = new Set([429, 502, 503, 504]);

export interface SentSpan {
  readonly spanId: string;
  /** When the attempt that was answered began. */
  readonly sentAtMs: number;
  readonly ackedAtMs: number;
  /** More than one: an answer may have been lost on the way, so that it was sent again. */
  readonly attempts: number;
}

/**
 * A service that fails without a pause and reports every failure by OTLP/HTTP JSON, as an SDK
 * would: one trace a time, sent again when it was not acknowledged. Failed traces are always kept.
 */
export class SpanSender {
  readonly service: string;
  readonly #url: string;
  readonly #acked: SentSpan[] = [];
  readonly #refused: string[] = [];
  readonly #stopped = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #loop: Promise<void>;

  constructor(otlpHttp: string, service: string) {
    this.#url = `${otlpHttp}/v1/traces`;
    this.service = service;
    this.#loop = this.#run();
  }

  /** Spans the collector has answered for with 200. */
  acked(): readonly SentSpan[] {
    return this.#acked;
  }

  /** What was answered with anything but 200 or "again later". */
  refused(): readonly string[] {
    return this.#refused;
  }

  /** Resolves when the last one in flight is answered. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await Promise.all(this.#sending);
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const sending = this.#send().finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
      await pause(EVERY_MS, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }

  async #send(): Promise<void> {
    const spanId = randomBytes(8).toString('hex');
    const body = JSON.stringify(failedTrace(this.service, spanId));
    const startedMs = performance.now();
    for (let attempts = 1; performance.now() - startedMs < GIVE_UP_MS; attempts++) {
      const sentAtMs = performance.now();
      const status = await this.#post(body);
      if (status === 200) {
        this.#acked.push({ spanId, sentAtMs, ackedAtMs: performance.now(), attempts });
        return;
      }
      if (status !== 0 && !RETRYABLE.has(status)) {
        this.#refused.push(`${spanId}: ${status}`);
        return;
      }
      await pause(Math.min(MAX_WAIT_MS, 100 * 2 ** attempts));
    }
    this.#refused.push(`${spanId}: given up`);
  }

  /** The status; 0 when there was no answer. */
  async #post(body: string): Promise<number> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }
}

function failedTrace(service: string, spanId: string): unknown {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId: randomBytes(16).toString('hex'),
    spanId,
    name: 'POST /fails',
    kind: 2,
    status: { code: 2 },
    startTimeUnixNano: String(nowNs - 50_000_000n),
    endTimeUnixNano: String(nowNs),
  };
  const attributes = [{ key: 'service.name', value: { stringValue: service } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] };
}

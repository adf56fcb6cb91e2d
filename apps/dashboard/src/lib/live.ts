import { type LiveEvent, liveEvent } from '@flyball/contract';
import type { QueryClient } from '@tanstack/react-query';
import { reconnectDelayMs, staleFamilies } from './live-topics.ts';

export type LiveStatus = 'connecting' | 'live' | 'reconnecting';

const topics = ['tick', 'mode', 'proposal', 'action', 'automation', 'cycle', 'resync'] as const;

/** Ticks come by the dozen: what they make stale is fetched again once a second at most. */
const flushMs = 1000;

type Listener = (event: LiveEvent) => void;

/** Keeps one event stream open and turns its events into stale queries. */
export class LiveFeed {
  readonly #client: QueryClient;
  readonly #onStatus: (status: LiveStatus) => void;
  readonly #listeners = new Set<Listener>();
  #source: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #flush: ReturnType<typeof setTimeout> | null = null;
  #stale = new Map<string, readonly string[]>();
  #attempt = 0;
  #wasLost = false;

  constructor(client: QueryClient, onStatus: (status: LiveStatus) => void) {
    this.#client = client;
    this.#onStatus = onStatus;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(): void {
    this.close();
    const source = new EventSource('/api/events');
    this.#source = source;
    source.onopen = () => this.#opened();
    source.onerror = () => this.#lost();
    for (const topic of topics) {
      source.addEventListener(topic, (message: MessageEvent<string>) => this.#receive(message));
    }
  }

  close(): void {
    this.#source?.close();
    this.#source = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#flush !== null) clearTimeout(this.#flush);
    this.#retry = null;
    this.#flush = null;
  }

  #opened(): void {
    this.#attempt = 0;
    this.#onStatus('live');
    // Whatever happened in the gap was not heard of.
    if (this.#wasLost) void this.#client.invalidateQueries();
    this.#wasLost = false;
  }

  /** EventSource gives up for good on an error answer, so the retry is our own. */
  #lost(): void {
    this.#source?.close();
    this.#wasLost = true;
    this.#onStatus('reconnecting');
    // Tells at once whether the controller is away or the session has ended.
    void this.#client.invalidateQueries({ queryKey: ['session'] });
    if (this.#retry !== null) clearTimeout(this.#retry);
    const delayMs = reconnectDelayMs(this.#attempt, Math.random());
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.open(), delayMs);
  }

  #receive(message: MessageEvent<string>): void {
    const parsed = liveEvent.safeParse(parseJson(message.data));
    if (!parsed.success) return;
    for (const listener of this.#listeners) listener(parsed.data);
    const families = staleFamilies(parsed.data);
    if (families === null) {
      void this.#client.invalidateQueries();
      return;
    }
    for (const key of families) this.#stale.set(key.join(' '), key);
    this.#flush ??= setTimeout(() => this.#invalidate(), flushMs);
  }

  #invalidate(): void {
    this.#flush = null;
    const keys = [...this.#stale.values()];
    this.#stale = new Map();
    for (const queryKey of keys) void this.#client.invalidateQueries({ queryKey });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

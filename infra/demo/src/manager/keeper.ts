import type { Stats, ToChild } from '../process/messages.ts';
import { type RestartHistory, restartDelayMs } from './backoff.ts';
import type { ProcessEvents, RunningProcess } from './process.port.ts';

/** Keeps the one process of its kind (the gateway, the load generator) alive. */
export class Keeper {
  readonly #start: (events: ProcessEvents) => RunningProcess;
  readonly #nowMs: () => number;
  readonly #onReady: (url: string) => void;
  #process: RunningProcess | null = null;
  #restarts: RestartHistory = { failures: 0 };
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #last: { cpuRatio: number; stats: Stats } | null = null;
  #isReady = false;

  constructor(options: {
    start: (events: ProcessEvents) => RunningProcess;
    nowMs: () => number;
    onReady: (url: string) => void;
  }) {
    this.#start = options.start;
    this.#nowMs = options.nowMs;
    this.#onReady = options.onReady;
  }

  open(): void {
    if (this.#closed || this.#process !== null) return;
    const launchedAtMs = this.#nowMs();
    this.#process = this.#start({
      onMessage: (message) => {
        if (message.kind === 'stats') this.#last = message;
        if (message.kind === 'ready') {
          this.#isReady = true;
          this.#onReady(message.url);
        }
      },
      onExit: () => this.#ended(this.#nowMs() - launchedAtMs),
    });
  }

  isOpen(): boolean {
    return this.#process !== null || this.#timer !== null;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  send(message: ToChild): void {
    this.#process?.send(message);
  }

  /** What it last reported; null while it does not run. */
  last(): { cpuRatio: number; stats: Stats } | null {
    return this.#last;
  }

  pid(): number | null {
    return this.#process?.pid ?? null;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#process?.stop();
  }

  #ended(ranForMs: number): void {
    this.#process = null;
    this.#last = null;
    this.#isReady = false;
    if (this.#closed) return;
    const { delayMs, history } = restartDelayMs(this.#restarts, ranForMs);
    this.#restarts = history;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.open();
    }, delayMs);
  }
}

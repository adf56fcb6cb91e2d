import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly signal: AbortSignal;
  /** Told of every failure, with the wait that follows. */
  onFailure(error: unknown, waitMs: number): void;
}

/** Repeats `work` until it succeeds, waiting twice as long each time, until the signal aborts. */
export async function untilItSucceeds<T>(
  work: () => Promise<T>,
  options: BackoffOptions,
): Promise<T> {
  for (let waitMs = options.firstMs; ; waitMs = Math.min(waitMs * 2, options.mostMs)) {
    options.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      options.onFailure(error, waitMs);
    }
    await sleep(waitMs, undefined, { signal: options.signal });
  }
}

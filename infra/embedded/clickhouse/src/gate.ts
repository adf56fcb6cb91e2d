import { Failure } from './failure.ts';

/** A bound on what runs at once, with a bounded, first-come queue before it. */
export interface Gate {
  /**
   * Resolves when there is a place; call the result once to give it back.
   *
   * @throws Failure TOO_MANY_SIMULTANEOUS_QUERIES when the queue is full, the wait too long or the
   *   gate closed; the signal's reason when it fires first
   */
  enter(signal: AbortSignal): Promise<() => void>;
  /** Refuses those who wait and all who come. */
  close(): void;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  admit(): void;
  refuse(error: unknown): void;
}

export interface GateLimits {
  runningQueries: number;
  waitingQueries: number;
  queueWaitMs: number;
}

export function createGate(limits: GateLimits): Gate {
  const waiters = new Set<Waiter>();
  let running = 0;
  let open = true;

  const leave = () => {
    running--;
    const [next] = waiters;
    if (next) next.admit();
  };
  const place = () => {
    running++;
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };
  const wait = (signal: AbortSignal) =>
    new Promise<() => void>((resolve, reject) => {
      const settle = () => {
        waiters.delete(waiter);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        admit() {
          settle();
          resolve(place());
        },
        refuse(error) {
          settle();
          reject(error);
        },
      };
      const onAbort = () => waiter.refuse(signal.reason);
      const timer = setTimeout(
        () => waiter.refuse(tooMany(`waited ${limits.queueWaitMs} ms for a place`)),
        limits.queueWaitMs,
      );
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.add(waiter);
    });

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (!open) throw tooMany('the server is shutting down');
      if (running < limits.runningQueries) return place();
      if (waiters.size >= limits.waitingQueries) {
        throw tooMany(`${running} run and ${waiters.size} wait, which is the limit`);
      }
      return wait(signal);
    },
    close() {
      open = false;
      for (const waiter of [...waiters]) waiter.refuse(tooMany('the server is shutting down'));
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiters.size;
    },
  };
}

function tooMany(why: string): Failure {
  const message = `Too many simultaneous queries: ${why}. Send it again later.`;
  return new Failure(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message, 503);
}

import { useSyncExternalStore } from 'react';

/**
 * The controller's clock, as far as this browser knows it: expiry and ages are counted by the
 * server's time, so that a wrong clock on a phone cannot make an expired proposal look alive.
 */

let offsetMs = 0;

/** `sentMs` is when the request left, so that half the round trip can be allowed for. */
export function learnServerTime(serverNowMs: number, sentMs: number): void {
  const receivedMs = Date.now();
  offsetMs = serverNowMs - (sentMs + receivedMs) / 2;
}

function serverNow(): number {
  return Date.now() + offsetMs;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let shownMs = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** Whole seconds, so that all ages on a page change together. */
function snapshot(): number {
  const now = Math.floor(serverNow() / 1000) * 1000;
  // A slow clock correction must not make ages run backwards within one page view.
  if (now > shownMs || shownMs - now > 5000) shownMs = now;
  return shownMs;
}

/** The server's time in milliseconds, once a second. */
export function useServerNow(): number {
  return useSyncExternalStore(subscribe, snapshot, () => 0);
}

import { useSyncExternalStore } from 'react';

/** Whether the controller answers, as the last request found it. */
export type Connection =
  | { state: 'up' }
  | { state: 'away'; sinceMs: number; message: string; lastAnswerMs: number | null };

let connection: Connection = { state: 'up' };
let lastAnswerMs: number | null = null;
const listeners = new Set<() => void>();

function set(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

export function noteAnswer(): void {
  lastAnswerMs = Date.now();
  if (connection.state !== 'up') set({ state: 'up' });
}

export function noteAway(message: string): void {
  if (connection.state === 'away') return;
  set({ state: 'away', sinceMs: Date.now(), message, lastAnswerMs });
}

const up: Connection = { state: 'up' };

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
    () => up,
  );
}

import { connect } from 'node:net';

/** Whether the process with this id answers; rejects or resolves false while it does not. */
export type HealthCheck = (pid: number) => Promise<boolean>;

const PROBE_MS = 2_000;

/** Ready once the URL answers with a 2xx. */
export function httpReady(url: string): HealthCheck {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.body?.cancel();
    return response.ok;
  };
}

/** Ready once somebody accepts connections there. */
export function tcpReady(host: string, port: number): HealthCheck {
  return () =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: PROBE_MS });
      const end = (open: boolean) => {
        socket.destroy();
        resolve(open);
      };
      socket.once('connect', () => end(true));
      socket.once('timeout', () => end(false));
      socket.once('error', () => end(false));
    });
}

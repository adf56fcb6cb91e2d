import http from 'node:http';
import type { Peer } from '../process/messages.ts';
import type { DownstreamCall } from '../shop.ts';

/** Milliseconds the caller still waits; a callee does not work on for nobody. */
export const DEADLINE_HEADER = 'x-deadline-ms';

export type CallResult =
  | { kind: 'answered'; status: number }
  | { kind: 'failed'; reason: CallFailure };

type CallFailure =
  | 'no instance'
  | 'timed out'
  | 'given up'
  /** The connection was refused: nothing has been sent. */
  | 'not reachable'
  /** The connection broke: the request may have been carried out. */
  | 'connection lost';

/** Makes requests to the other services, each to their instances in turn. */
export class Caller {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64, timeout: 30_000 });
  readonly #turns = new Map<string, number>();
  readonly #peersOf: (service: string) => readonly Peer[];

  constructor(peersOf: (service: string) => readonly Peer[]) {
    this.#peersOf = peersOf;
  }

  /**
   * One request with a time-out. A connection that was refused is tried once more at the next
   * instance, since nothing has been sent yet; no other failure is repeated.
   */
  async call(
    target: DownstreamCall,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<CallResult> {
    const first = await this.#attempt(target, options);
    if (first.kind === 'answered' || first.reason !== 'not reachable') return first;
    return this.#attempt(target, options);
  }

  close(): void {
    this.#agent.destroy();
  }

  #attempt(
    target: DownstreamCall,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<CallResult> {
    const peers = this.#peersOf(target.service);
    if (peers.length === 0) return Promise.resolve({ kind: 'failed', reason: 'no instance' });
    const turn = this.#turns.get(target.service) ?? 0;
    this.#turns.set(target.service, turn + 1);
    const peer = peers[turn % peers.length];
    if (peer === undefined) return Promise.resolve({ kind: 'failed', reason: 'no instance' });
    if (options.signal.aborted) return Promise.resolve({ kind: 'failed', reason: 'given up' });
    return this.#send(peer, target, options);
  }

  #send(
    peer: Peer,
    target: DownstreamCall,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<CallResult> {
    const url = new URL(peer.url);
    return new Promise((resolve) => {
      const request = http.request({
        agent: this.#agent,
        hostname: url.hostname,
        port: url.port,
        method: target.method,
        path: target.path,
        headers: {
          host: target.service,
          'content-length': 0,
          [DEADLINE_HEADER]: Math.round(options.timeoutMs),
        },
      });
      const timer = setTimeout(() => request.destroy(new Error('timed out')), options.timeoutMs);
      const giveUp = () => request.destroy(new Error('given up'));
      options.signal.addEventListener('abort', giveUp, { once: true });
      const settle = (result: CallResult) => {
        clearTimeout(timer);
        options.signal.removeEventListener('abort', giveUp);
        resolve(result);
      };
      request.on('response', (response) => {
        response.resume();
        response.on('end', () => settle({ kind: 'answered', status: response.statusCode ?? 502 }));
        response.on('error', (error) => settle(failureOf(error)));
      });
      request.on('error', (error) => settle(failureOf(error)));
      request.end();
    });
  }
}

function failureOf(error: NodeJS.ErrnoException): CallResult {
  if (error.message === 'timed out') return { kind: 'failed', reason: 'timed out' };
  if (error.message === 'given up') return { kind: 'failed', reason: 'given up' };
  const isRefused = error.code === 'ECONNREFUSED';
  return { kind: 'failed', reason: isRefused ? 'not reachable' : 'connection lost' };
}

import type { MessagePort } from 'node:worker_threads';
import type { Boost } from '../pipeline/boosts.ts';
import type { View } from './lease.port.ts';

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly index: number;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly spoolFolder: string;
  /** The ways to the other workers, by name. */
  readonly siblings: ReadonlyMap<string, MessagePort>;
}

export const workerName = (index: number) => `worker-${index}`;

/** Asked of one worker by the main thread; the answers are those of `Whole`, or nothing. */
export type ToWorker =
  | { readonly kind: 'metrics' }
  | { readonly kind: 'health' }
  | { readonly kind: 'not_ready' }
  | { readonly kind: 'boost'; readonly boost: Boost }
  | { readonly kind: 'boosts' }
  | { readonly kind: 'explain'; readonly traceId: string }
  /** Traces are shared with these collectors from now on. */
  | { readonly kind: 'members'; readonly view: View }
  /** The configuration file has changed and is good. */
  | { readonly kind: 'reload' }
  /** Answered when nothing is left to do. */
  | { readonly kind: 'stop' };

/** Asked of the main thread by a worker: the same questions, about the whole collector. */
export type ToMain =
  | { readonly kind: 'metrics' }
  | { readonly kind: 'health' }
  | { readonly kind: 'not_ready' }
  | { readonly kind: 'boost'; readonly boost: Boost }
  | { readonly kind: 'boosts' }
  | { readonly kind: 'explain'; readonly traceId: string }
  /** Its ports are open. */
  | { readonly kind: 'ready' }
  /** It has handed over what others own; answered when all have. */
  | { readonly kind: 'quiet' };

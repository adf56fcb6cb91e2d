/**
 * Services that call services: each a queue with workers (G/G/c, first come first served), each
 * worker held while it waits for those it calls, one after the other.
 *
 *     client --> gateway --> checkout --> payments --> bank
 *                                \------> inventory
 *
 *     a call ends in time, fails, or is given up after timeoutMs; then it is made again, up to
 *     attempts times, after backoffMs
 *
 * Retries multiply along a chain: with 3 attempts on each of 3 calls a dead service at its end is
 * called 27 times for each request. Whom a caller has given up is worked on all the same, unless
 * the deadline travels with the call (`deadlineMs`): then nobody begins what nobody waits for, and
 * no retry is made that cannot end in time.
 *
 * Regimes: all is well; a fault passes up as errors or as waiting; overload that feeds itself by
 * retries and outlives its cause (metastable).
 */
import { requirePositive, requireThat } from '../../config.ts';
import type { CallFigures } from '../../orient/error-origin.ts';
import type { Load } from '../load.ts';
import { ChainRun } from './run.ts';

export interface ChainService {
  readonly name: string;
  readonly workers: number;
  /** Own work, exponential; what it waits for others comes on top. */
  readonly meanServiceMs: number;
  /** Called one after the other, each time it has done its own work. */
  readonly calls: readonly string[];
  /** Attempts of each call that it makes, the first included. Default 1. */
  readonly attempts?: number;
  /** More do not wait: they fail at once. Default 1,000. */
  readonly mostWaiting?: number;
}

/** From `fromMs` inclusive to `toMs` exclusive. */
export interface ChainFault {
  readonly service: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of its requests that fail of themselves. */
  readonly errorRatio?: number;
  /** Its own work takes so many times as long. */
  readonly slowdown?: number;
}

export interface ChainScenario {
  /** The first is the one that clients call. */
  readonly services: readonly ChainService[];
  readonly load: Load;
  readonly durationMs: number;
  readonly seed: number;
  /** A call that takes longer is given up. */
  readonly timeoutMs: number;
  /** Attempts of the clients, the first included. Default 1. */
  readonly clientAttempts?: number;
  /** Before a call is made again. Default 0. */
  readonly backoffMs?: number;
  /** Budget of one request, from the client on, known to all it comes to. Default: none. */
  readonly deadlineMs?: number;
  readonly faults?: readonly ChainFault[];
  /** Figures are of spans of this length. Default: the whole run. */
  readonly windowMs?: number;
}

export interface ServiceFigures {
  readonly service: string;
  /** Requests it has begun to work on. */
  readonly begun: number;
  /** Of those it ended, what nobody waited for any more. */
  readonly wasted: number;
  /** Waiting for a worker, and its own work: not what it waits for others. */
  readonly ownMs: number;
}

/** One span of a run; a call belongs to the span in which it ended. */
export interface ChainFigures {
  readonly fromMs: number;
  /** Requests of clients that ended, retries apart. */
  readonly requests: number;
  readonly succeeded: number;
  readonly calls: readonly CallFigures[];
  readonly services: readonly ServiceFigures[];
}

/** Runs the scenario to its end. Deterministic by seed. */
export function runChain(scenario: ChainScenario): readonly ChainFigures[] {
  const { services, timeoutMs, durationMs } = scenario;
  requireThat(services.length > 0, 'services', services.length, 'at least one');
  requirePositive('timeoutMs', timeoutMs);
  requirePositive('durationMs', durationMs);
  const names = services.map(({ name }) => name);
  services.forEach(({ name, calls, workers, meanServiceMs }, index) => {
    requirePositive(`${name}.workers`, workers);
    requirePositive(`${name}.meanServiceMs`, meanServiceMs);
    for (const callee of calls) {
      const isBelow = names.indexOf(callee) > index;
      requireThat(isBelow, `${name}.calls`, callee, 'a service that comes after it');
    }
  });
  return new ChainRun(scenario).run();
}

/** Calls that came to a service, for each request of a client that ended. */
export function amplification(figures: readonly ChainFigures[], callee: string): number {
  const calls = figures.flatMap((span) => span.calls).filter((call) => call.callee === callee);
  const requests = figures.reduce((sum, span) => sum + span.requests, 0);
  return calls.reduce((sum, { count }) => sum + count, 0) / requests;
}

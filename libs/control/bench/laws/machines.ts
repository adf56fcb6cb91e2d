import {
  type BreakerInput,
  type BulkheadInput,
  bulkhead,
  circuitBreaker,
  deadlineBudget,
  type FairQueueInput,
  fairQueue,
  hybridLimiter,
  keyedLimiter,
  leakyBucket,
  type SingleFlightInput,
  singleFlight,
  slidingCounter,
  slidingLog,
  tokenBucket,
} from '../../src/index.ts';
import { benchOf, draw, type LawBench } from './bench.ts';

const TENANTS = ['red', 'green', 'blue'] as const;
const USERS = Array.from({ length: 500 }, (_, user) => `user-${user}`);

const userAt = (index: number) => USERS[(index * 7) % USERS.length] ?? '';

/** Breakers, limiters and queues: one step is one call's question or its end. */
export const MACHINES: readonly LawBench[] = [
  benchOf(circuitBreaker, {}, 20, ({ index, nowMs, last }): BreakerInput => {
    const ticket = last?.ticket ?? null;
    return index % 2 === 0 || ticket === null
      ? { kind: 'ask', nowMs }
      : {
          kind: 'result',
          nowMs,
          ticket,
          outcome: draw(index) > 0.9 ? 'failure' : 'success',
          durationMs: 50,
        };
  }),
  benchOf(
    bulkhead,
    {},
    5,
    ({ index, nowMs, last }): BulkheadInput =>
      index % 2 === 1 && typeof last?.ticket === 'number'
        ? { kind: 'leave', nowMs, ticket: Math.max(1, last.ticket - 8) }
        : { kind: 'enter', nowMs },
  ),
  benchOf(
    fairQueue,
    {},
    5,
    ({ index, nowMs }): FairQueueInput =>
      index % 2 === 1
        ? { kind: 'take', nowMs }
        : {
            kind: 'offer',
            nowMs,
            id: 'item',
            tenant: TENANTS[index % 3] ?? '',
            priority: index % 4,
          },
  ),
  benchOf(deadlineBudget, { startedMs: 1_700_000_000_000 }, 1, ({ nowMs }) => ({
    nowMs,
    laterWeight: 2,
    tries: 2,
  })),
  benchOf(
    singleFlight,
    {},
    5,
    ({ index, nowMs, last }): SingleFlightInput =>
      index % 4 === 3 && typeof last?.token === 'number'
        ? { kind: 'done', nowMs, key: userAt(index - 1), token: last.token }
        : { kind: 'ask', nowMs, key: userAt(index) },
  ),
  benchOf(tokenBucket, {}, 1, ({ nowMs }) => ({ nowMs })),
  benchOf(leakyBucket, {}, 1, ({ nowMs }) => ({ nowMs })),
  benchOf(slidingCounter, {}, 5, ({ nowMs }) => ({ nowMs })),
  benchOf(slidingLog, {}, 50, ({ nowMs }) => ({ nowMs })),
  benchOf(keyedLimiter, {}, 1, ({ index, nowMs }) => ({ nowMs, key: userAt(index) })),
  benchOf(hybridLimiter, {}, 1, ({ index, nowMs }) => ({
    nowMs,
    user: userAt(index),
    ip: userAt(index + 3),
  })),
];

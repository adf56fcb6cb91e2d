import type { SpanTable, TraceView } from '@flyball/tracing';
import type { Busy } from '../receive/intake.ts';

/**
 * Where spans come from.
 *
 * - `sender`: from outside
 * - `collector`: from another collector, which says that they are ours
 * - `worker`: from a worker of this collector, or returned because their owner is away
 * - `rehomed`: on their way to a member that left; they belong to somebody else now
 */
export type SpanOrigin = 'sender' | 'collector' | 'worker' | 'rehomed';

/**
 * Who decides which trace, where there are several collectors or workers. Everything is measured
 * by the member that decides: only there is a span that comes twice recognised.
 */
export interface Sharding {
  /**
   * Sends spans of traces that others own on their way and takes them out of the table.
   *
   * @returns `Busy`, and nothing was done, when one of their queues is full
   */
  place(table: SpanTable, origin: SpanOrigin): Busy | undefined;
  /** A trace was decided here. */
  decided(trace: TraceView): void;
}

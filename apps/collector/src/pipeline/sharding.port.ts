import type { SpanTable, TraceView } from '@flyball/tracing';
import type { Busy } from '../receive/intake.ts';

/**
 * Where spans come from.
 *
 * - `sender`: from outside, counted here and nowhere else
 * - `collector`: from another collector, which has counted them and says that they are ours
 * - `worker`: from a worker of this collector, or returned because their owner is away
 * - `rehomed`: on their way to a member that left; they belong to somebody else now
 */
export type SpanOrigin = 'sender' | 'collector' | 'worker' | 'rehomed';

export type Placed =
  /** Spans of other members were taken out of the table and are on their way. */
  { readonly kind: 'split'; readonly foreign: SpanTable } | Busy;

/** Who decides which trace, where there are several collectors or workers. */
export interface Sharding {
  /**
   * Sends spans of traces that others own on their way and takes them out of the table.
   *
   * @returns undefined when all spans stay; `Busy`, and nothing was done, when a queue is full
   */
  place(table: SpanTable, origin: SpanOrigin): Placed | undefined;
  /** A trace was decided here. */
  decided(trace: TraceView): void;
}

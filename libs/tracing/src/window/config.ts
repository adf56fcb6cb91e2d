/** Bounds and delays of the whole-trace window. */
export interface WindowConfig {
  /** Wait after the root was received, for children still on their way. */
  rootDelayMs: number;
  /** Wait from the first span for a trace whose root never comes. */
  timeoutMs: number;
  maxTraces: number;
  maxSpans: number;
  /** Bytes of the request bodies held plus the window's own rows. */
  maxBytes: number;
  /** A trace this large is decided at once; what comes later follows the decision. */
  maxSpansPerTrace: number;
  maxBytesPerTrace: number;
  /**
   * Decisions are remembered, so that late spans follow them, until so many traces were kept since
   * or `droppedMemory` dropped, whichever comes first: both fates are forgotten together, lest late
   * spans be biased. About 40 bytes each.
   */
  keptMemory: number;
  /** Likewise; 6 bytes each. */
  droppedMemory: number;
  /** Any number; a random one keeps senders from crafting ids that collide. */
  hashSeed: number;
}

/** Why a trace is decided now. */
export type Trigger =
  | 'root'
  | 'timeout'
  | 'span_limit'
  | 'byte_limit'
  | 'evicted'
  | 'shutdown'
  | 'late';

/** What became of the spans of one request. */
export interface AddResult {
  added: number;
  /** Spans already waiting under the same ids; flagged in the table, so that they count once. */
  duplicates: number;
  /** Spans of traces decided before and dropped: they follow. */
  lateDropped: number;
  /** Spans of traces decided before and kept: they come out of `due` with trigger 'late'. */
  lateKept: number;
  /** Spans of traces not known before, left to the caller because it said `knownOnly`. */
  unheld: number;
}

export interface WindowStats {
  traces: number;
  spans: number;
  bodies: number;
  /** Bodies and the window's own rows. */
  bytes: number;
  /** Age of the trace waiting longest. */
  oldestMs: number;
}

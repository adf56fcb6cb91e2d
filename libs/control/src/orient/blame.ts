/** One part of a whole: an instance of a service, an edge, a dependency. */
export interface PartFigures {
  readonly kind: 'instance' | 'edge' | 'dependency' | 'operation';
  readonly id: string;
  /** Requests in the window. */
  readonly count: number;
  /** Sum over the window of what is explained: errors, or milliseconds. */
  readonly sum: number;
}

export interface BlameInput {
  readonly before: readonly PartFigures[];
  readonly now: readonly PartFigures[];
  /**
   * mixture: the parts share the requests (instances): the whole is sum(sum) / sum(count).
   * additive: every request passes the parts (dependencies, critical path): the whole is
   * sum(sum) / `requests`.
   */
  readonly as: 'mixture' | 'additive';
  /** Additive only: requests of the whole, before and now. */
  readonly requests?: { readonly before: number; readonly now: number };
  /** Requests needed on either side. Default 20. */
  readonly minCount?: number;
}

export interface BlamedPart {
  readonly kind: PartFigures['kind'];
  readonly id: string;
  /** Contribution to the change of the whole, in its unit; contributions add up to `change`. */
  readonly contribution: number;
  /** Of all contributions in the direction of the change, 0 to 1. */
  readonly share: number;
}

export interface Blame {
  readonly verdict: 'one' | 'few' | 'everything' | 'no-change' | 'too-little-data';
  readonly change: number;
  readonly before: number | null;
  readonly now: number | null;
  /** Largest first. */
  readonly parts: readonly BlamedPart[];
  readonly text: string;
}

/** Calls from one service to another in a window. */
export interface CallFigures {
  readonly caller: string;
  readonly callee: string;
  readonly count: number;
  readonly errors: number;
}

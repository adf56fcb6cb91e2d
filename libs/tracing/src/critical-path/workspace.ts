import { type Orders, ordersOf } from './orders.ts';
import type { PathInput } from './types.ts';

const FIRST_CAPACITY = 64;

const NO_INPUT: PathInput = {
  n: 0,
  startNs: new Float64Array(0),
  endNs: new Float64Array(0),
  parent: new Int32Array(0),
  kind: new Uint8Array(0),
  service: new Int32Array(0),
  host: new Int32Array(0),
  blocking: new Int8Array(0),
  idHi: new Uint32Array(0),
  idLo: new Uint32Array(0),
};

/** Spans whose place in time is not what they said. */
export interface PlaceDoubts {
  negative: number;
  bad: number;
  adjusted: number;
  clipped: number;
}

/**
 * Scratch memory that is used again from trace to trace, so that a trace of ten spans allocates
 * next to nothing. What `criticalPath` and its companions return lives in here and holds until
 * the next `criticalPath` with the same workspace.
 */
export class PathWorkspace {
  capacity = 0;
  /** Counts the traces seen, so that a result can notice that it was overwritten. */
  generation = 0;
  /** The trace it serves. */
  input = NO_INPUT;
  readonly orders: Orders = ordersOf(this);

  // Per span: the tree, with times after the correction of clocks.
  start = new Float64Array(0);
  end = new Float64Array(0);
  shift = new Float64Array(0);
  firstChild = new Int32Array(0);
  nextSibling = new Int32Array(0);
  flags = new Uint8Array(0);
  /** Reached spans, parents before children. */
  order = new Int32Array(0);
  reached = 0;
  readonly doubts: PlaceDoubts = { negative: 0, bad: 0, adjusted: 0, clipped: 0 };

  // Per span: what is left of it inside its parent.
  clipStart = new Float64Array(0);
  clipEnd = new Float64Array(0);
  windowEnd = new Float64Array(0);

  // The children of the span under expansion, latest end first.
  kids = new Int32Array(0);
  kidCount = 0;
  passed = new Int32Array(0);
  edges = new Float64Array(0);
  sortScratch = new Int32Array(0);

  // The stretches of the span under expansion, right to left.
  stretchCount = 0;
  stretchSpan = new Int32Array(0);
  stretchStart = new Float64Array(0);
  stretchEnd = new Float64Array(0);
  stretchConfidence = new Uint8Array(0);
  stretchActive = new Int32Array(0);
  stretchOwnBefore = new Float64Array(0);

  // Stretches still to be walked.
  stackSpan = new Int32Array(0);
  stackOwn = new Uint8Array(0);
  stackStart = new Float64Array(0);
  stackEnd = new Float64Array(0);
  stackConfidence = new Uint8Array(0);

  // The answer.
  segmentSpan = new Int32Array(0);
  segmentStart = new Float64Array(0);
  segmentEnd = new Float64Array(0);
  segmentConfidence = new Uint8Array(0);
  exclusive = new Float64Array(0);

  // Per operation that the root waited for, see `foldByOperation`.
  foldCount = 0;
  foldService = new Int32Array(0);
  foldOperation = new Int32Array(0);
  foldSpans = new Int32Array(0);
  foldOnPath = new Int32Array(0);
  foldFailed = new Int32Array(0);
  foldExample = new Int32Array(0);
  foldExclusive = new Float64Array(0);
  foldSlack = new Float64Array(0);
  foldDrag = new Float64Array(0);

  // Slack, drag and what-if.
  slack = new Float64Array(0);
  drag = new Float64Array(0);
  localSlack = new Float64Array(0);
  cap = new Float64Array(0);
  available = new Float64Array(0);
  base = new Float64Array(0);
  suffix = new Float64Array(0);
  duration = new Float64Array(0);
  newEnd = new Float64Array(0);
  byStart = new Int32Array(0);
  byAvailable = new Int32Array(0);
  picks = new Int32Array(0);
  nextOpen = new Int32Array(0);

  // Hash table of `linkParents`.
  table = new Int32Array(0);

  /** Makes room for `n` spans; keeps nothing. */
  reserve(n: number): void {
    if (n <= this.capacity) return;
    let size = Math.max(FIRST_CAPACITY, this.capacity);
    while (size < n) size *= 2;
    this.capacity = size;
    this.growTree(size);
    this.growWalk(size);
    this.growModel(size);
    this.growFold(size);
    this.table = new Int32Array(2 * size);
  }

  private growTree(size: number): void {
    this.start = new Float64Array(size);
    this.end = new Float64Array(size);
    this.shift = new Float64Array(size);
    this.firstChild = new Int32Array(size);
    this.nextSibling = new Int32Array(size);
    this.flags = new Uint8Array(size);
    this.order = new Int32Array(size);
    this.clipStart = new Float64Array(size);
    this.clipEnd = new Float64Array(size);
    this.windowEnd = new Float64Array(size);
    this.kids = new Int32Array(size);
    this.passed = new Int32Array(size);
    this.edges = new Float64Array(size);
    this.sortScratch = new Int32Array(size);
  }

  private growWalk(size: number): void {
    // A span with k picked children has at most 2k + 1 stretches: 3n in all, 2n of them its own.
    const stretches = 2 * size + 2;
    this.stretchSpan = new Int32Array(stretches);
    this.stretchStart = new Float64Array(stretches);
    this.stretchEnd = new Float64Array(stretches);
    this.stretchConfidence = new Uint8Array(stretches);
    this.stretchActive = new Int32Array(stretches);
    this.stretchOwnBefore = new Float64Array(stretches);
    const stack = 3 * size + 2;
    this.stackSpan = new Int32Array(stack);
    this.stackOwn = new Uint8Array(stack);
    this.stackStart = new Float64Array(stack);
    this.stackEnd = new Float64Array(stack);
    this.stackConfidence = new Uint8Array(stack);
    this.segmentSpan = new Int32Array(stretches);
    this.segmentStart = new Float64Array(stretches);
    this.segmentEnd = new Float64Array(stretches);
    this.segmentConfidence = new Uint8Array(stretches);
    this.exclusive = new Float64Array(size);
  }

  private growFold(size: number): void {
    this.foldService = new Int32Array(size);
    this.foldOperation = new Int32Array(size);
    this.foldSpans = new Int32Array(size);
    this.foldOnPath = new Int32Array(size);
    this.foldFailed = new Int32Array(size);
    this.foldExample = new Int32Array(size);
    this.foldExclusive = new Float64Array(size);
    this.foldSlack = new Float64Array(size);
    this.foldDrag = new Float64Array(size);
  }

  private growModel(size: number): void {
    this.slack = new Float64Array(size);
    this.drag = new Float64Array(size);
    this.localSlack = new Float64Array(size);
    this.cap = new Float64Array(size);
    this.available = new Float64Array(size);
    this.base = new Float64Array(size);
    this.suffix = new Float64Array(size + 1);
    this.duration = new Float64Array(size);
    this.newEnd = new Float64Array(size);
    this.byStart = new Int32Array(size);
    this.byAvailable = new Int32Array(size);
    this.picks = new Int32Array(size);
    this.nextOpen = new Int32Array(size + 1);
  }
}

/** Scratch memory for `criticalPath`; one per thread of work is enough. */
export function createPathWorkspace(): PathWorkspace {
  return new PathWorkspace();
}

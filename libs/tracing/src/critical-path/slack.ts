import { assertCurrent, type CriticalPath } from './critical-path.ts';
import { expand, OWN } from './expand.ts';
import { linkSiblings, NO_PREDECESSOR, rescaledNs } from './model.ts';
import { sortIndexes } from './sort.ts';
import { CERTAIN, type PathInput } from './types.ts';
import type { PathWorkspace } from './workspace.ts';

/** Per span, in ns; NaN for spans that nothing waited for (left out, or not blocking). */
export interface SlackAndDrag {
  /** How much later the span could end, all else equal, without the root ending later. */
  readonly slackNs: Float64Array;
  /**
   * How much earlier the root would end if this span's own time were zero: at most its own time on
   * the path, less where a concurrent span becomes the bottleneck. 0 off the path.
   */
  readonly dragNs: Float64Array;
}

/**
 * Slack and drag of every span of a trace in the model of `model.ts`. O(n log n).
 *
 * Drag is Devaux's: what a span can win is bounded by the least slack among the spans beside it,
 * at its own level and at the level of each of its ancestors.
 *
 * Arrays belong to the path's workspace. Throws when the path is no longer current.
 */
export function slackAndDrag(input: PathInput, path: CriticalPath): SlackAndDrag {
  assertCurrent(path);
  const ws = path.workspace;
  ws.slack.fill(Number.NaN, 0, input.n);
  ws.drag.fill(Number.NaN, 0, input.n);
  // What can be won at most at and above a span; -1 off the path.
  ws.cap.fill(-1, 0, input.n);
  const root = path.rootIndex;
  if (root !== -1) {
    ws.clipStart[root] = ws.start[root]!;
    ws.windowEnd[root] = ws.end[root]!;
    ws.slack[root] = 0;
    ws.cap[root] = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ws.reached; i++) {
      const span = ws.order[i]!;
      if (!Number.isNaN(ws.slack[span]!)) measure(ws, span);
    }
  }
  return { slackNs: ws.slack, dragNs: ws.drag };
}

/** Drag of `span`, slack of its children, and what can be won at most at each of them. */
function measure(ws: PathWorkspace, span: number): void {
  const from = ws.clipStart[span]!;
  const to = ws.windowEnd[span]!;
  const cap = ws.cap[span]!;
  if (ws.firstChild[span] === -1) {
    ws.drag[span] = cap === -1 ? 0 : Math.min(cap, to - from);
    return;
  }
  expand(ws, span, CERTAIN);
  if (ws.kidCount === 1) {
    measureOnlyChild(ws, span, ws.kids[0]!);
    return;
  }
  const lastEnd = linkSiblings(ws, span);
  findLocalSlack(ws, lastEnd);
  for (let i = 0; i < ws.kidCount; i++) {
    const kid = ws.kids[i]!;
    ws.slack[kid] = ws.localSlack[kid]! + ws.slack[span]!;
    ws.duration[kid] = ws.windowEnd[kid]! - ws.clipStart[kid]!;
  }
  if (cap === -1) {
    ws.drag[span] = 0;
    return;
  }
  ws.drag[span] = Math.min(cap, to - from - rescaledNs(ws, { from, to, lastEnd }, 0));
  capPicks(ws, cap);
}

/** What the general way comes to without siblings, at a tenth of its cost: most have none. */
function measureOnlyChild(ws: PathWorkspace, span: number, kid: number): void {
  const durationNs = ws.windowEnd[span]! - ws.clipStart[span]!;
  const kidNs = ws.windowEnd[kid]! - ws.clipStart[kid]!;
  const cap = ws.cap[span]!;
  ws.slack[kid] = ws.slack[span]!;
  ws.drag[span] = cap === -1 ? 0 : Math.min(cap, durationNs - kidNs);
  // A child without length is not picked: nothing can be won there.
  if (kidNs > 0) ws.cap[kid] = cap;
}

/** How much later each child could end without its parent ending later. */
function findLocalSlack(ws: PathWorkspace, lastEnd: number): void {
  const count = ws.kidCount;
  // suffix[i]: the latest end of a predecessor that delays the parent through no byStart[i ...].
  ws.suffix[count] = lastEnd;
  for (let i = count - 1; i >= 0; i--) {
    const kid = ws.byStart[i]!;
    const follower = firstStartingAt(ws, i + 1, ws.available[kid]!);
    ws.localSlack[kid] = ws.suffix[follower]! - ws.windowEnd[kid]!;
    // A child without predecessor follows nobody, so it bounds nobody.
    const base = ws.base[kid]!;
    const bound = base === NO_PREDECESSOR ? lastEnd : base + ws.localSlack[kid]!;
    ws.suffix[i] = Math.min(bound, ws.suffix[i + 1]!);
  }
}

/** First position from `from` in `byStart` whose child starts at `at` or later. */
function firstStartingAt(ws: PathWorkspace, from: number, at: number): number {
  let low = from;
  let high = ws.kidCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ws.clipStart[ws.byStart[middle]!]! >= at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * A picked child can win at most the least slack among the siblings that neither waited for it nor
 * it for them. Those lie over a run of picked children; runs are painted, least slack first.
 */
function capPicks(ws: PathWorkspace, cap: number): void {
  const picks = ws.picks;
  let pickCount = 0;
  for (let i = ws.stretchCount - 1; i >= 0; i--) {
    if (ws.stretchSpan[i] === OWN) continue;
    const pick = ws.stretchSpan[i]!;
    ws.cap[pick] = cap;
    picks[pickCount++] = pick;
  }
  const beside = ws.passed;
  let besideCount = 0;
  for (let i = 0; i < ws.kidCount; i++) {
    if (ws.cap[ws.kids[i]!] === -1) beside[besideCount++] = ws.kids[i]!;
  }
  if (besideCount === 0 || pickCount === 0) return;
  sortIndexes(beside, besideCount, ws.sortScratch, ws.orders.bySlack);
  for (let i = 0; i <= pickCount; i++) ws.nextOpen[i] = i;
  for (let i = 0; i < besideCount; i++) {
    const kid = beside[i]!;
    let at = nextOpen(ws, firstAvailableAfter(ws, pickCount, ws.clipStart[kid]!));
    while (at < pickCount && ws.clipStart[picks[at]!]! < ws.available[kid]!) {
      ws.cap[picks[at]!] = Math.min(cap, ws.localSlack[kid]!);
      ws.nextOpen[at] = at + 1;
      at = nextOpen(ws, at + 1);
    }
  }
}

/** First pick, from the left, that a sibling starting at `start` cannot have waited for. */
function firstAvailableAfter(ws: PathWorkspace, pickCount: number, start: number): number {
  let low = 0;
  let high = pickCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ws.available[ws.picks[middle]!]! > start) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first pick at or after `at` that is not painted yet; shortens the way for the next. */
function nextOpen(ws: PathWorkspace, at: number): number {
  let open = at;
  while (ws.nextOpen[open] !== open) {
    ws.nextOpen[open] = ws.nextOpen[ws.nextOpen[open]!]!;
    open = ws.nextOpen[open]!;
  }
  return open;
}

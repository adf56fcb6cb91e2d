import { OWN } from './expand.ts';
import { sortIndexes } from './sort.ts';
import { toleranceNs } from './tree.ts';
import type { PathWorkspace } from './workspace.ts';

/**
 * The model behind slack, drag and what-if, for one span at a time (right after `expand`).
 *
 * Law: a child starts after the last of the blocking siblings that had ended, within the
 * tolerance, when it started; without one, at its offset from its parent's start. What lies in
 * between stays as long as it was, except for the parent's own stretches, which can be scaled. The
 * parent ends after the last of its children, plus its own time after that. With nothing changed
 * this gives back the times that were seen.
 */
export const NO_PREDECESSOR = Number.NEGATIVE_INFINITY;

/**
 * Fills, per child: `available`, the earliest start of a sibling that can wait for it, and `base`,
 * the end of its last predecessor or `NO_PREDECESSOR`. Sorts children into `byStart` and
 * `byAvailable`. Returns the end of the child that ends last.
 */
export function linkSiblings(ws: PathWorkspace, span: number): number {
  const count = ws.kidCount;
  const tolerance = toleranceNs(ws.end[span]! - ws.start[span]!);
  let lastEnd = NO_PREDECESSOR;
  for (let i = 0; i < count; i++) {
    const kid = ws.kids[i]!;
    // Also later than its own start: two short siblings cannot wait for each other.
    ws.available[kid] = Math.max(ws.clipEnd[kid]! - tolerance, ws.clipStart[kid]! + 1);
    ws.byStart[count - 1 - i] = kid;
    ws.byAvailable[count - 1 - i] = kid;
    lastEnd = Math.max(lastEnd, ws.windowEnd[kid]!);
  }
  sortIndexes(ws.byStart, count, ws.sortScratch, ws.orders.byStart);
  sortIndexes(ws.byAvailable, count, ws.sortScratch, ws.orders.byAvailable);
  let base = NO_PREDECESSOR;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const kid = ws.byStart[i]!;
    while (next < count && ws.available[ws.byAvailable[next]!]! <= ws.clipStart[kid]!) {
      base = Math.max(base, ws.windowEnd[ws.byAvailable[next++]!]!);
    }
    ws.base[kid] = base;
  }
  return lastEnd;
}

/**
 * Duration in ns of a span whose part was `[from, to]`, once its own time is multiplied by `scale`
 * and its children take `ws.duration`. Needs `linkSiblings`.
 */
export function rescaledNs(
  ws: PathWorkspace,
  part: { from: number; to: number; lastEnd: number },
  scale: number,
): number {
  const { from, to, lastEnd } = part;
  const count = ws.kidCount;
  if (count === 0) return scale * (to - from);
  sumOwnTime(ws);
  const cut = 1 - scale;
  let joined = 0;
  let base = NO_PREDECESSOR;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const kid = ws.byStart[i]!;
    const start = ws.clipStart[kid]!;
    while (next < count && ws.available[ws.byAvailable[next]!]! <= start) {
      base = Math.max(base, ws.newEnd[ws.byAvailable[next++]!]!);
    }
    const isFirst = ws.base[kid] === NO_PREDECESSOR;
    const after = isFirst ? from : ws.base[kid]!;
    const lost = cut === 0 ? 0 : cut * ownBetween(ws, after, start);
    const newStart = (isFirst ? 0 : base) + (start - after) - lost;
    const newEnd = newStart + ws.duration[kid]!;
    ws.newEnd[kid] = newEnd;
    joined = i === 0 ? newEnd : Math.max(joined, newEnd);
  }
  return joined + scale * (to - lastEnd);
}

/** Per stretch, the span's own time before it: what `ownBetween` looks up. */
function sumOwnTime(ws: PathWorkspace): void {
  let own = 0;
  for (let i = ws.stretchCount - 1; i >= 0; i--) {
    ws.stretchOwnBefore[i] = own;
    if (ws.stretchSpan[i] === OWN) own += ws.stretchEnd[i]! - ws.stretchStart[i]!;
  }
}

function ownBetween(ws: PathWorkspace, from: number, to: number): number {
  return to > from ? ownBefore(ws, to) - ownBefore(ws, from) : 0;
}

function ownBefore(ws: PathWorkspace, at: number): number {
  // Stretches lie right to left: find the first that starts at or before `at`.
  let low = 0;
  let high = ws.stretchCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ws.stretchStart[middle]! <= at) high = middle;
    else low = middle + 1;
  }
  if (low === ws.stretchCount) return 0;
  const inside = ws.stretchSpan[low] === OWN ? at - ws.stretchStart[low]! : 0;
  return ws.stretchOwnBefore[low]! + inside;
}

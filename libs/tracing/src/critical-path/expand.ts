import { sortIndexes } from './sort.ts';
import { BLOCKING, COVERED, DOUBTFUL, toleranceNs } from './tree.ts';
import { AMBIGUOUS, INFERRED } from './types.ts';
import type { PathWorkspace } from './workspace.ts';

/** In `stretchSpan`: the span under expansion itself, not one of its children. */
export const OWN = -1;

/**
 * Splits the part of a span from its `clipStart` to its `windowEnd` into stretches, right to left:
 * those of a child for which the span waited (picked children), and those in between, which are
 * its own. They lie in `ws.stretch*`; together they are exactly that part.
 *
 * Also leaves, per blocking child in `ws.kids`, its part inside (`clipStart`, `clipEnd`) and where
 * it ends once overlaps within the tolerance are counted once (`windowEnd`).
 */
export function expand(ws: PathWorkspace, span: number, confidence: number): void {
  gatherKids(ws, span);
  sortIndexes(ws.kids, ws.kidCount, ws.sortScratch, ws.orders.walkBack);
  const passedCount = pickKids(ws, span, confidence);
  if (passedCount > 0) markConcurrent(ws, passedCount);
}

function gatherKids(ws: PathWorkspace, span: number): void {
  const from = ws.clipStart[span]!;
  const to = ws.windowEnd[span]!;
  let count = 0;
  for (let c = ws.firstChild[span]!; c !== -1; c = ws.nextSibling[c]!) {
    if (!(ws.flags[c]! & BLOCKING)) continue;
    const start = Math.max(ws.start[c]!, from);
    const end = Math.min(ws.end[c]!, to);
    const isOutside = end < start || (end === start && ws.end[c]! > ws.start[c]!);
    if (isOutside) continue;
    ws.clipStart[c] = start;
    ws.clipEnd[c] = end;
    ws.windowEnd[c] = end;
    ws.kids[count++] = c;
  }
  ws.kidCount = count;
}

/**
 * Walks back from the right edge; returns how many children were passed over. A child chosen
 * without doubt, and the span's own stretches unless it is covered, are as sure as `confidence`.
 */
function pickKids(ws: PathWorkspace, span: number, confidence: number): number {
  const from = ws.clipStart[span]!;
  const tolerance = toleranceNs(ws.end[span]! - ws.start[span]!);
  const own = ws.flags[span]! & COVERED ? AMBIGUOUS : confidence;
  let right = ws.windowEnd[span]!;
  let edgeCount = 0;
  let passedCount = 0;
  ws.stretchCount = 0;
  for (let i = 0; i < ws.kidCount; i++) {
    const kid = ws.kids[i]!;
    const start = ws.clipStart[kid]!;
    const end = ws.clipEnd[kid]!;
    // A child without length takes no time, so choosing it or not comes to the same.
    if (end === start) continue;
    if (end > right + tolerance || start >= right) {
      ws.windowEnd[kid] = cutEnd(ws, edgeCount, kid, tolerance);
      ws.passed[passedCount++] = kid;
      continue;
    }
    const isCut = end > right;
    const windowEnd = isCut ? right : end;
    ws.windowEnd[kid] = windowEnd;
    if (windowEnd < right) pushStretch(ws, OWN, windowEnd, right, own);
    const isGuess = isCut || (ws.flags[kid]! & DOUBTFUL) !== 0 || isTied(ws, i, end, right);
    pushStretch(ws, kid, start, windowEnd, isGuess ? AMBIGUOUS : confidence);
    right = start;
    ws.edges[edgeCount++] = start;
  }
  if (right > from) pushStretch(ws, OWN, from, right, own);
  return passedCount;
}

/** Whether the next child in order ends at the same time and could have been chosen as well. */
function isTied(ws: PathWorkspace, at: number, end: number, right: number): boolean {
  if (at + 1 >= ws.kidCount) return false;
  const next = ws.kids[at + 1]!;
  const start = ws.clipStart[next]!;
  return ws.clipEnd[next] === end && start < end && start < right;
}

/**
 * A child that had ended, within the tolerance, when a picked one started, ends where that one
 * starts: the earliest such start. `edges` holds the starts of the picked children, falling.
 */
function cutEnd(ws: PathWorkspace, edgeCount: number, kid: number, tolerance: number): number {
  const end = ws.clipEnd[kid]!;
  const lowest = Math.max(ws.clipStart[kid]! + 1, end - tolerance);
  let low = 0;
  let high = edgeCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ws.edges[middle]! >= lowest) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? end : Math.min(end, ws.edges[low - 1]!);
}

function pushStretch(
  ws: PathWorkspace,
  span: number,
  start: number,
  end: number,
  confidence: number,
): void {
  const at = ws.stretchCount++;
  ws.stretchSpan[at] = span;
  ws.stretchStart[at] = start;
  ws.stretchEnd[at] = end;
  ws.stretchConfidence[at] = confidence;
}

/** Stretches in which a child that was passed over is active were chosen among several. */
function markConcurrent(ws: PathWorkspace, passedCount: number): void {
  const count = ws.stretchCount;
  ws.stretchActive.fill(0, 0, count + 1);
  for (let i = 0; i < passedCount; i++) {
    const kid = ws.passed[i]!;
    const first = firstStretch(ws.stretchStart, count, ws.windowEnd[kid]!);
    const afterLast = firstEndingBy(ws.stretchEnd, count, ws.clipStart[kid]!);
    ws.stretchActive[first]!++;
    ws.stretchActive[afterLast]!--;
  }
  let active = 0;
  for (let i = 0; i < count; i++) {
    active += ws.stretchActive[i]!;
    if (active > 0 && ws.stretchConfidence[i]! < INFERRED) ws.stretchConfidence[i] = INFERRED;
  }
}

/** First position at which the falling `starts` are below `end`. */
function firstStretch(starts: Float64Array, count: number, end: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! < end) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** First position at which the falling `ends` are not above `start`. */
function firstEndingBy(ends: Float64Array, count: number, start: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! <= start) high = middle;
    else low = middle + 1;
  }
  return low;
}

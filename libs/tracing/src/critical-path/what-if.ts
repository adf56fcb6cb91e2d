import { assertCurrent, type CriticalPath } from './critical-path.ts';
import { expand } from './expand.ts';
import { linkSiblings, rescaledNs } from './model.ts';
import { CERTAIN, type PathInput } from './types.ts';

export interface WhatIf {
  /** Duration the root would have, in whole ns. */
  readonly durationNs: number;
  /** What that is less than it was; negative when scales above 1 make it longer. */
  readonly savedNs: number;
}

/**
 * How long the root would take if the own time of some spans were multiplied by a factor: 0.8 for
 * "20 % less", 0 for "gone", 1 for "as it was".
 *
 * Model as in `model.ts`. `scaleOf` is called once per span that something waited for, and must
 * return a finite number of at least 0; anything else throws a RangeError. O(n log n).
 */
export function whatIf(
  input: PathInput,
  path: CriticalPath,
  scaleOf: (span: number) => number,
): WhatIf {
  assertCurrent(path);
  const root = path.rootIndex;
  if (root === -1) return { durationNs: 0, savedNs: 0 };
  const ws = path.workspace;
  placeParts(input, path);
  for (let i = ws.reached - 1; i >= 0; i--) {
    const span = ws.order[i]!;
    if (ws.cap[span] === -1) continue;
    const from = ws.clipStart[span]!;
    const to = ws.windowEnd[span]!;
    const scale = checkedScale(scaleOf(span), span);
    if (ws.firstChild[span] === -1) {
      ws.duration[span] = scale * (to - from);
      continue;
    }
    expand(ws, span, CERTAIN);
    const lastEnd = linkSiblings(ws, span);
    ws.duration[span] = rescaledNs(ws, { from, to, lastEnd }, scale);
  }
  const durationNs = Math.round(ws.duration[root]!);
  return { durationNs, savedNs: path.durationNs - durationNs };
}

/** Top-down: the part of each span inside its parent; `cap` tells which spans have one. */
function placeParts(input: PathInput, path: CriticalPath): void {
  const ws = path.workspace;
  const root = path.rootIndex;
  ws.cap.fill(-1, 0, input.n);
  ws.cap[root] = 0;
  ws.clipStart[root] = ws.start[root]!;
  ws.windowEnd[root] = ws.end[root]!;
  for (let i = 0; i < ws.reached; i++) {
    const span = ws.order[i]!;
    if (ws.cap[span] === -1 || ws.firstChild[span] === -1) continue;
    expand(ws, span, CERTAIN);
    for (let k = 0; k < ws.kidCount; k++) ws.cap[ws.kids[k]!] = 0;
  }
}

function checkedScale(scale: number, span: number): number {
  if (Number.isFinite(scale) && scale >= 0) return scale;
  throw new RangeError(
    `What-if scale of span ${span} is ${scale}; it must be a finite number of at least 0.`,
  );
}

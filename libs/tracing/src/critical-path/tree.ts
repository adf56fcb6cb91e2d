import { compareIds } from './orders.ts';
import {
  DUPLICATE,
  HOST_UNKNOWN,
  NO_PARENT,
  PARENT_MISSING,
  type PathInput,
  type PathWarning,
  type PathWarningCode,
  SPAN_KIND,
} from './types.ts';
import type { PathWorkspace, PlaceDoubts } from './workspace.ts';

/** The parent waits for this span. */
export const BLOCKING = 1;
/** Its place in time is a guess: moved or cut because of clock skew. */
export const DOUBTFUL = 2;
/** A child that was left out covers this span from before its start to after its end. */
export const COVERED = 4;
const REACHED = 8;

const MAX_OFFSET_NS = 2 ** 52;
const MAX_TOLERANCE_NS = 1_000_000;

/** Overlaps up to this count as clock noise: 1 % of the parent's duration, at most 1 ms. */
export function toleranceNs(parentDurationNs: number): number {
  return Math.min(MAX_TOLERANCE_NS, Math.floor(parentDurationNs / 100));
}

interface Tree {
  /** -1 when no span can be the root. */
  rootIndex: number;
  rootMissing: boolean;
  orphanSpans: number;
  warnings: readonly PathWarning[];
}

/**
 * Finds the root, puts the spans below it into `order`, corrects their clocks and marks those that
 * their parent waited for. Everything that does not hang below the root is counted and left out.
 */
export function buildTree(input: PathInput, ws: PathWorkspace): Tree {
  ws.reserve(input.n);
  ws.input = input;
  ws.generation++;
  ws.reached = 0;
  ws.flags.fill(0, 0, input.n);
  readTimes(input, ws);
  linkChildren(input, ws);
  let rootIndex = chooseRoot(input, ws, NO_PARENT);
  const rootMissing = rootIndex === -1;
  if (rootMissing) rootIndex = chooseRoot(input, ws, PARENT_MISSING);
  const { doubts } = ws;
  doubts.adjusted = 0;
  doubts.clipped = 0;
  if (rootIndex !== -1) placeSpans(input, ws, rootIndex);
  const left = ws.reached === input.n ? NOTHING_LEFT : countLeftOut(input, ws);
  const isPlain = doubts.negative + doubts.bad + doubts.adjusted + doubts.clipped === 0;
  const isWhole = !rootMissing && ws.reached === input.n;
  const warnings =
    isPlain && isWhole ? NO_WARNINGS : warningsOf({ ...doubts, ...left, rootMissing });
  return { rootIndex, rootMissing, orphanSpans: left.orphans, warnings };
}

const NO_WARNINGS: readonly PathWarning[] = [];

interface LeftOut {
  otherRoots: number;
  orphans: number;
  cycles: number;
  duplicates: number;
}

const NOTHING_LEFT: LeftOut = { otherRoots: 0, orphans: 0, cycles: 0, duplicates: 0 };

interface Doubts extends LeftOut, PlaceDoubts {
  rootMissing: boolean;
}

function warningsOf(doubts: Doubts): PathWarning[] {
  const counts: [PathWarningCode, number][] = [
    ['root-missing', doubts.rootMissing ? 1 : 0],
    ['several-roots', doubts.otherRoots],
    ['orphans', doubts.orphans],
    ['cycle', doubts.cycles],
    ['duplicate-id', doubts.duplicates],
    ['negative-duration', doubts.negative],
    ['bad-time', doubts.bad],
    ['skew-adjusted', doubts.adjusted],
    ['skew-clipped', doubts.clipped],
  ];
  return counts.filter(([, count]) => count > 0).map(([code, count]) => ({ code, count }));
}

/** Times in whole numbers and in range; leaves in `ws.doubts` how many were not. */
function readTimes(input: PathInput, ws: PathWorkspace): void {
  let negative = 0;
  let bad = 0;
  for (let i = 0; i < input.n; i++) {
    let start = input.startNs[i]!;
    let end = input.endNs[i]!;
    if (!isOffset(start) || !isOffset(end)) {
      bad++;
      start = integerOffset(start);
      end = integerOffset(end);
    }
    if (end < start) negative++;
    ws.start[i] = start;
    ws.end[i] = Math.max(start, end);
  }
  ws.doubts.negative = negative;
  ws.doubts.bad = bad;
}

function isOffset(ns: number): boolean {
  return Math.floor(ns) === ns && Math.abs(ns) <= MAX_OFFSET_NS;
}

function integerOffset(ns: number): number {
  if (isOffset(ns)) return ns;
  if (Number.isNaN(ns)) return 0;
  return Math.max(-MAX_OFFSET_NS, Math.min(MAX_OFFSET_NS, Math.floor(ns)));
}

function parentOf(input: PathInput, i: number): number {
  const parent = input.parent[i]!;
  if (parent === NO_PARENT || parent === DUPLICATE) return parent;
  if (parent < 0 || parent >= input.n || input.parent[parent] === DUPLICATE) return PARENT_MISSING;
  return parent;
}

function linkChildren(input: PathInput, ws: PathWorkspace): void {
  ws.firstChild.fill(-1, 0, input.n);
  for (let i = 0; i < input.n; i++) {
    const parent = parentOf(input, i);
    ws.shift[i] = 0;
    if (parent < 0) continue;
    ws.nextSibling[i] = ws.firstChild[parent]!;
    ws.firstChild[parent] = i;
  }
}

/** Of the spans whose parent is `parent`: the earliest start, then the longest, then the id. */
function chooseRoot(input: PathInput, ws: PathWorkspace, parent: number): number {
  let best = -1;
  for (let i = 0; i < input.n; i++) {
    if (parentOf(input, i) !== parent) continue;
    if (best === -1 || compareRoots(input, ws, i, best) < 0) best = i;
  }
  return best;
}

function compareRoots(input: PathInput, ws: PathWorkspace, a: number, b: number): number {
  return ws.start[a]! - ws.start[b]! || ws.end[b]! - ws.end[a]! || compareIds(input, a, b);
}

function placeSpans(input: PathInput, ws: PathWorkspace, root: number): void {
  ws.order[0] = root;
  ws.flags[root] = REACHED;
  ws.reached = 1;
  for (let at = 0; at < ws.reached; at++) {
    const parent = ws.order[at]!;
    for (let c = ws.firstChild[parent]!; c !== -1; c = ws.nextSibling[c]!) {
      placeChild(input, ws, parent, c);
      ws.order[ws.reached++] = c;
    }
  }
}

/** Moves `child` with its parent, and into it when only different clocks explain its place. */
function placeChild(input: PathInput, ws: PathWorkspace, parent: number, child: number): void {
  const parentStart = ws.start[parent]!;
  const parentEnd = ws.end[parent]!;
  let shift = ws.shift[parent]!;
  let start = ws.start[child]! + shift;
  let end = ws.end[child]! + shift;
  let flags = REACHED;
  const parentKind = input.kind[parent];
  const isRemoteCall = parentKind === SPAN_KIND.client && input.kind[child] === SPAN_KIND.server;
  const outlives = end > parentEnd + toleranceNs(parentEnd - parentStart);
  if (isRemoteCall && (start < parentStart || end > parentEnd)) {
    const spare = parentEnd - parentStart - (end - start);
    const hostsDiffer = onOtherHost(input, parent, child);
    if (hostsDiffer && spare >= 0) {
      const move = parentStart + Math.floor(spare / 2) - start;
      shift += move;
      start += move;
      end += move;
      flags |= DOUBTFUL;
      ws.doubts.adjusted++;
    } else if (hostsDiffer || outlives) {
      flags |= DOUBTFUL;
      ws.doubts.clipped++;
    }
  }
  const isMessage = parentKind === SPAN_KIND.producer && input.kind[child] === SPAN_KIND.consumer;
  const said = input.blocking[child]!;
  if (said === 1 || (said === -1 && !isMessage && (!outlives || isRemoteCall))) flags |= BLOCKING;
  else if (said === -1 && !isMessage && start < parentStart) ws.flags[parent]! |= COVERED;
  ws.start[child] = start;
  ws.end[child] = end;
  ws.shift[child] = shift;
  ws.flags[child] = flags;
}

function onOtherHost(input: PathInput, a: number, b: number): boolean {
  const hostA = input.host[a]!;
  const hostB = input.host[b]!;
  if (hostA === HOST_UNKNOWN || hostB === HOST_UNKNOWN) {
    return input.service[a] !== input.service[b];
  }
  return hostA !== hostB;
}

function countLeftOut(input: PathInput, ws: PathWorkspace): LeftOut {
  const left = { otherRoots: 0, orphans: 0, cycles: 0, duplicates: 0 };
  let rest = input.n - ws.reached;
  for (let i = 0; i < input.n && rest > 0; i++) {
    const parent = parentOf(input, i);
    if (parent >= 0 || ws.flags[i]! & REACHED) continue;
    const count = parent === DUPLICATE ? 1 : countBelow(ws, i);
    rest -= count;
    if (parent === DUPLICATE) left.duplicates++;
    else if (parent === NO_PARENT) left.otherRoots += count;
    else left.orphans += count;
  }
  left.cycles = rest;
  return left;
}

/** Spans at and below `top`, which hangs on no other span; uses the free end of `kids`. */
function countBelow(ws: PathWorkspace, top: number): number {
  const queue = ws.kids;
  let count = 1;
  queue[0] = top;
  for (let at = 0; at < count; at++) {
    for (let c = ws.firstChild[queue[at]!]!; c !== -1; c = ws.nextSibling[c]!) queue[count++] = c;
  }
  return count;
}

import type { PathSegment } from '@flyball/contract';
import type { Group } from './group.ts';
import type { Tree } from './tree.ts';

/** The critical path, ready to be asked "what of it lies beneath this row?". */
export type PathPiece = {
  node: number;
  startNs: number;
  endNs: number;
  confidence: PathSegment['confidence'];
};

export type CriticalPath = { inTime: PathPiece[]; byNode: PathPiece[] };

export function indexPath(tree: Tree, segments: readonly PathSegment[]): CriticalPath {
  const nodeOf = new Map(tree.nodes.map(({ span }, index) => [span.spanId, index]));
  const inTime: PathPiece[] = [];
  for (const segment of segments) {
    const node = nodeOf.get(segment.spanId);
    if (node === undefined) continue;
    const { startOffsetNs: startNs, endOffsetNs: endNs, confidence } = segment;
    inTime.push({ node, startNs, endNs, confidence });
  }
  inTime.sort((a, b) => a.startNs - b.startNs);
  return { inTime, byNode: inTime.toSorted((a, b) => a.node - b.node || a.startNs - b.startNs) };
}

/** Pieces of the nodes from `from` up to `to`, those that touch joined, in order of time. */
export function piecesUnder(path: CriticalPath, from: number, to: number): PathPiece[] {
  const pieces: PathPiece[] = [];
  for (let i = firstAtOrAfter(path.byNode, from); i < path.byNode.length; i++) {
    const piece = path.byNode[i]!;
    if (piece.node >= to) break;
    pieces.push(piece);
  }
  return joinTouching(pieces);
}

export function piecesOfGroup(path: CriticalPath, tree: Tree, group: Group): PathPiece[] {
  return joinTouching(
    group.members.flatMap((node) => piecesUnder(path, node, tree.nodes[node]!.end)),
  );
}

function firstAtOrAfter(pieces: readonly PathPiece[], node: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.node < node) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joinTouching(pieces: PathPiece[]): PathPiece[] {
  const joined: PathPiece[] = [];
  for (const piece of pieces.toSorted((a, b) => a.startNs - b.startNs)) {
    const last = joined.at(-1);
    if (last && last.endNs >= piece.startNs && last.confidence === piece.confidence) {
      last.endNs = Math.max(last.endNs, piece.endNs);
    } else joined.push({ ...piece });
  }
  return joined;
}

/** Where the path passes from one row to another. */
export type Crossing = { atNs: number; top: number; bottom: number };

export function crossings(path: CriticalPath, rowOfNode: Int32Array): Crossing[] {
  const found: Crossing[] = [];
  for (let i = 1; i < path.inTime.length; i++) {
    const before = rowOfNode[path.inTime[i - 1]!.node]!;
    const after = rowOfNode[path.inTime[i]!.node]!;
    if (before === after || before === -1 || after === -1) continue;
    found.push({
      atNs: path.inTime[i]!.startNs,
      top: Math.min(before, after),
      bottom: Math.max(before, after),
    });
  }
  return found;
}

/** A crossing as far as it is drawn, in rows; `far` ends out of sight and is only hinted at. */
export type Stroke = { atNs: number; from: number; to: number; far: boolean };

const stubRows = 0.5;

/** Strokes among rows `first` to `last`; those in one pixel column are drawn once. */
export function strokesAmong(
  all: readonly Crossing[],
  first: number,
  last: number,
  nsPerPixel: number,
): Stroke[] {
  const columns = new Map<string, Stroke>();
  for (const { atNs, top, bottom } of all) {
    const topSeen = top >= first && top <= last;
    const bottomSeen = bottom >= first && bottom <= last;
    if (!topSeen && !bottomSeen) continue;
    const from = topSeen ? top : bottom - stubRows;
    const to = bottomSeen ? bottom : top + stubRows;
    const far = !topSeen || !bottomSeen;
    const key = `${far} ${Math.round(atNs / Math.max(1, nsPerPixel))}`;
    const there = columns.get(key);
    if (there === undefined) columns.set(key, { atNs, from, to, far });
    else {
      there.from = Math.min(there.from, from);
      there.to = Math.max(there.to, to);
    }
  }
  return [...columns.values()];
}

/** Index of the piece that starts after this moment, or the first one: `n` goes round. */
export function nextPiece(path: CriticalPath, afterNs: number): PathPiece | null {
  return path.inTime.find((piece) => piece.startNs > afterNs) ?? path.inTime[0] ?? null;
}

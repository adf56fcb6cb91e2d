/**
 * The slow obvious twin: critical path, slack, drag and what-if written straight from the rules,
 * recursive and quadratic, on plain objects. Tests compare the real one with it.
 */
export interface NaiveSpan {
  id: string;
  /** undefined: no parent id. */
  parent: string | undefined;
  start: number;
  end: number;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  service: number;
  /** undefined: not known. */
  host: number | undefined;
  /** undefined: the attribute is not set. */
  blocking: boolean | undefined;
}

export type Sure = 0 | 1 | 2;

/** A span that its parent waited for, with its part inside the parent. */
export interface NaiveNode {
  span: NaiveSpan;
  from: number;
  /** End inside the parent before and after overlaps within the tolerance are counted once. */
  clipEnd: number;
  to: number;
  tolerance: number;
  doubtful: boolean;
  covered: boolean;
  /** All children it waited for, latest end first; those with a place on the walk are `picked`. */
  kids: NaiveNode[];
  picked: NaiveNode[];
  /** The right edge of the walk when each picked child was taken. */
  edgeOf: Map<NaiveNode, number>;
  /** Own stretches. */
  own: [number, number][];
}

export interface NaiveSegment {
  id: string;
  start: number;
  end: number;
  sure: Sure;
}

export interface NaiveTrace {
  root: NaiveNode | undefined;
  rootMissing: boolean;
  counts: Record<string, number>;
  shifts: Map<string, number>;
}

const tolerance = (span: NaiveSpan) =>
  Math.min(1_000_000, Math.floor((span.end - span.start) / 100));
const ascending = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export function naiveTrace(input: readonly NaiveSpan[]): NaiveTrace {
  const counts: Record<string, number> = {};
  const count = (code: string, by = 1) => {
    if (by > 0) counts[code] = (counts[code] ?? 0) + by;
  };
  count('negative-duration', input.filter((span) => span.end < span.start).length);
  const spans = dropDuplicates(
    input.map((span) => ({ ...span, end: Math.max(span.start, span.end) })),
  );
  count('duplicate-id', input.length - spans.length);
  const ids = new Set(spans.map((span) => span.id));
  const isOrphan = (s: NaiveSpan) => s.parent !== undefined && !ids.has(s.parent);
  const byRank = (a: NaiveSpan, b: NaiveSpan) =>
    a.start - b.start || b.end - a.end || ascending(a.id, b.id);
  const rootless = spans.filter((s) => s.parent === undefined).sort(byRank);
  const orphans = spans.filter(isOrphan).sort(byRank);
  const top = rootless[0] ?? orphans[0];
  if (rootless.length === 0) count('root-missing');
  const below = (s: NaiveSpan): number =>
    1 + spans.filter((c) => c.parent === s.id).reduce((sum, c) => sum + below(c), 0);
  const sumBelow = (tops: NaiveSpan[]) => tops.reduce((sum, s) => sum + below(s), 0);
  const otherRoots = sumBelow(rootless.filter((s) => s !== top));
  const orphaned = sumBelow(orphans.filter((s) => s !== top));
  count('several-roots', otherRoots);
  count('orphans', orphaned);
  count('cycle', spans.length - otherRoots - orphaned - (top === undefined ? 0 : below(top)));
  const shifts = new Map<string, number>();
  if (top === undefined) return { root: undefined, rootMissing: true, counts, shifts };
  const context = { spans, shifts, count };
  const tree = placeTree(context, top);
  const root = nodeOf(tree, top.start, top.end);
  return { root, rootMissing: rootless.length === 0, counts, shifts };
}

function dropDuplicates(spans: NaiveSpan[]): NaiveSpan[] {
  const better = (a: NaiveSpan, b: NaiveSpan) =>
    b.end - a.end || a.start - b.start || ascending(JSON.stringify(a), JSON.stringify(b));
  return [...new Set(spans.map((s) => s.id))].map(
    (id) => spans.filter((s) => s.id === id).sort(better)[0]!,
  );
}

interface Placed {
  span: NaiveSpan;
  doubtful: boolean;
  covered: boolean;
  kids: Placed[];
}

interface Context {
  spans: readonly NaiveSpan[];
  shifts: Map<string, number>;
  count: (code: string) => void;
}

/** Top-down: clocks, then which children the span waited for. */
function placeTree(context: Context, span: NaiveSpan, shift = 0, doubtful = false): Placed {
  context.shifts.set(span.id, shift);
  const placed: Placed = { span, doubtful, covered: false, kids: [] };
  const length = span.end - span.start;
  for (const original of context.spans.filter((s) => s.parent === span.id)) {
    let childShift = shift;
    let child = { ...original, start: original.start + shift, end: original.end + shift };
    let guess = false;
    const remote = span.kind === 'client' && child.kind === 'server';
    const outlives = child.end > span.end + tolerance(span);
    const outside = child.start < span.start || child.end > span.end;
    const hostsKnown = span.host !== undefined && child.host !== undefined;
    const otherHost = hostsKnown ? span.host !== child.host : span.service !== child.service;
    const childLength = child.end - child.start;
    if (remote && outside && otherHost && childLength <= length) {
      const start = span.start + Math.floor((length - childLength) / 2);
      childShift += start - child.start;
      child = { ...child, start, end: start + childLength };
      guess = true;
      context.count('skew-adjusted');
    } else if (remote && outside && (otherHost || outlives)) {
      guess = true;
      context.count('skew-clipped');
    }
    const below = placeTree(context, child, childShift, guess);
    const message = span.kind === 'producer' && child.kind === 'consumer';
    const waits = child.blocking ?? (!message && (remote || !outlives));
    if (waits) placed.kids.push(below);
    else if (child.blocking === undefined && !message && child.start < span.start) {
      placed.covered = true;
    }
  }
  return placed;
}

/** The part `[from, clipEnd]` of a span, its children's parts, and the walk back through them. */
function nodeOf(placed: Placed, from: number, clipEnd: number, to = clipEnd): NaiveNode {
  const { span, doubtful, covered } = placed;
  const limit = tolerance(span);
  const parts = placed.kids
    .map((kid) => ({
      kid,
      start: Math.max(kid.span.start, from),
      end: Math.min(kid.span.end, to),
      end2: 0,
      edge: undefined as number | undefined,
    }))
    .filter(({ kid, start, end }) => (kid.span.start === kid.span.end ? end >= start : end > start))
    .sort((a, b) => b.end - a.end || a.start - b.start || ascending(a.kid.span.id, b.kid.span.id));
  const own: [number, number][] = [];
  let right = to;
  for (;;) {
    const next = parts.find(
      (p) => p.end > p.start && p.edge === undefined && p.end <= right + limit && p.start < right,
    );
    if (next === undefined) break;
    next.edge = right;
    if (next.end < right) own.push([next.end, right]);
    right = next.start;
  }
  if (right > from) own.push([from, right]);
  const starts = parts.filter((p) => p.edge !== undefined).map((p) => p.start);
  for (const p of parts) {
    const cuts = starts.filter((edge) => edge > p.start && edge >= p.end - limit);
    p.end2 = p.end === p.start ? p.end : Math.min(p.end, ...cuts);
  }
  const kids = parts.map((p) => nodeOf(p.kid, p.start, p.end, p.end2));
  const edgeOf = new Map<NaiveNode, number>();
  for (const [i, p] of parts.entries()) if (p.edge !== undefined) edgeOf.set(kids[i]!, p.edge);
  const picked = kids.filter((kid) => edgeOf.has(kid));
  return {
    span,
    from,
    clipEnd,
    to,
    tolerance: limit,
    doubtful,
    covered,
    kids,
    picked,
    edgeOf,
    own,
  };
}

/** Left to right. */
export function naiveSegments({ root, rootMissing }: NaiveTrace): NaiveSegment[] {
  if (root === undefined) return [];
  return segmentsOf(root, rootMissing ? 2 : 0).sort((a, b) => a.start - b.start);
}

function segmentsOf(node: NaiveNode, sure: Sure): NaiveSegment[] {
  const passed = node.kids.filter((kid) => !node.picked.includes(kid) && kid.to > kid.from);
  const worst = (...all: Sure[]) => Math.max(...all) as Sure;
  const active = (from: number, to: number): Sure =>
    passed.some((kid) => kid.from < to && kid.to > from) ? 1 : 0;
  const own = node.own.map(([start, end]) => ({
    id: node.span.id,
    start,
    end,
    sure: worst(sure, node.covered ? 2 : 0, active(start, end)),
  }));
  const inner = node.picked.flatMap((kid) => {
    const edge = node.edgeOf.get(kid)!;
    const tied = node.kids.some(
      (other) =>
        passed.includes(other) &&
        other.clipEnd === kid.clipEnd &&
        other.from < edge &&
        other.from < other.clipEnd &&
        node.kids.indexOf(other) > node.kids.indexOf(kid),
    );
    const guess = tied || kid.clipEnd > edge || kid.doubtful;
    return segmentsOf(kid, worst(sure, guess ? 2 : 0, active(kid.from, kid.to)));
  });
  return [...own, ...inner];
}

export interface Change {
  /** Factor for a span's own time. */
  scale?: (id: string) => number;
  /** Nanoseconds by which a span ends later. */
  later?: (id: string) => number;
}

/** Duration of the node when own times are scaled and ends delayed. */
export function naiveDuration(node: NaiveNode, change: Change): number {
  const scale = change.scale?.(node.span.id) ?? 1;
  const ownBetween = (from: number, to: number) =>
    node.own.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, to) - Math.max(a, from)), 0);
  const newEnds = new Map<NaiveNode, number>();
  const endOf = (kid: NaiveNode): number => {
    const known = newEnds.get(kid);
    if (known !== undefined) return known;
    const before = node.kids.filter(
      (other) => other.clipEnd <= kid.from + node.tolerance && other.from < kid.from,
    );
    const oldBase = before.length === 0 ? node.from : Math.max(...before.map((b) => b.to));
    const newBase = before.length === 0 ? 0 : Math.max(...before.map(endOf));
    const gap = kid.from - oldBase - (1 - scale) * ownBetween(oldBase, kid.from);
    const end = newBase + gap + naiveDuration(kid, change);
    newEnds.set(kid, end);
    return end;
  };
  const extra = change.later?.(node.span.id) ?? 0;
  if (node.kids.length === 0) return scale * (node.to - node.from) + extra;
  const oldLast = Math.max(...node.kids.map((kid) => kid.to));
  const newLast = Math.max(...node.kids.map(endOf));
  return newLast + scale * (node.to - oldLast) + extra;
}

/** All nodes of the model. */
export function naiveNodes(node: NaiveNode): NaiveNode[] {
  return [node, ...node.kids.flatMap(naiveNodes)];
}

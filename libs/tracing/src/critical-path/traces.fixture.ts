import fc from 'fast-check';
import { PathColumns } from './columns.ts';
import { linkParents } from './link.ts';
import type { NaiveSpan } from './naive.fixture.ts';
import { HOST_UNKNOWN, SPAN_KIND } from './types.ts';
import { createPathWorkspace } from './workspace.ts';

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

/** Span ids that sort as their numbers do, as 16 hex digits. */
export const idOf = (n: number) => n.toString(16).padStart(16, '0');

interface Shape {
  /** Longest duration and start offset; small ones make ties, large ones make tolerances. */
  maxNs: number;
  maxSpans: number;
}

/** Any spans at all: cycles, duplicates, missing parents, several roots, negative durations. */
export function garbage({ maxNs, maxSpans }: Shape): fc.Arbitrary<NaiveSpan[]> {
  const id = fc.integer({ min: 1, max: maxSpans + 2 });
  const span = fc.record({
    id,
    parent: fc.option(id, { nil: undefined, freq: 6 }),
    start: fc.integer({ min: -maxNs, max: maxNs }),
    length: fc.integer({ min: -3, max: maxNs }),
    kind: fc.constantFrom(...KINDS),
    service: fc.integer({ min: 0, max: 2 }),
    host: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    blocking: fc.option(fc.boolean(), { nil: undefined, freq: 9 }),
  });
  return fc.array(span, { maxLength: maxSpans, size: 'max' }).map((spans) =>
    spans.map(({ id, parent, start, length, ...rest }) => ({
      ...rest,
      id: idOf(id),
      parent: parent === undefined ? undefined : idOf(parent),
      start,
      end: start + length,
    })),
  );
}

interface Branch {
  parentPick: number;
  /** Thousandths of the parent's duration. */
  edges: [number, number];
  /** Starts where the sibling before it ends, or nearly: the nudge is in units of `nudgeNs`. */
  touches: boolean;
  nudge: number;
  kind: NaiveSpan['kind'];
  host: number | undefined;
  service: number;
  blocking: boolean | undefined;
  idSalt: number;
}

/** One tree whose children mostly lie inside their parents, among many siblings or deep down. */
export function trees({ maxNs, maxSpans }: Shape): fc.Arbitrary<NaiveSpan[]> {
  const edge = fc.integer({ min: -40, max: 1010 });
  const branch: fc.Arbitrary<Branch> = fc.record({
    parentPick: fc.nat(1_000_000),
    edges: fc.tuple(edge, edge),
    touches: fc.boolean(),
    nudge: fc.integer({ min: -4, max: 4 }),
    kind: fc.constantFrom('client', 'server', 'internal', ...KINDS),
    host: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined, freq: 3 }),
    service: fc.integer({ min: 0, max: 1 }),
    blocking: fc.option(fc.boolean(), { nil: undefined, freq: 19 }),
    idSalt: fc.nat(15),
  });
  const rest = fc.array(branch, { maxLength: maxSpans - 1, size: 'max' });
  const width = fc.constantFrom(1, 2, 3, 6, maxSpans);
  return fc
    .tuple(fc.integer({ min: Math.ceil(maxNs / 4), max: maxNs }), width, rest)
    .map(([end, parents, branches]) => growTree(end, parents, branches));
}

function growTree(end: number, parents: number, branches: readonly Branch[]): NaiveSpan[] {
  const root = { kind: 'client', service: 0, host: 0, blocking: undefined } as const;
  const all: NaiveSpan[] = [{ ...root, id: idOf(8), parent: undefined, start: 0, end }];
  for (const [i, branch] of branches.entries()) {
    const { parentPick, edges, touches, nudge, idSalt, ...more } = branch;
    const parent = all[parentPick % Math.min(all.length, parents)]!;
    const length = parent.end - parent.start;
    const [from, to] = edges
      .map((edge) => parent.start + Math.round((edge / 1000) * length))
      .sort((a, b) => a - b) as [number, number];
    const before = all.findLast((s) => s.parent === parent.id);
    const nudgeNs = nudge * Math.max(1, Math.min(400_000, Math.floor(length / 250)));
    const start = touches && before ? before.end + nudgeNs : from;
    const id = idOf(idSalt * 1000 + i + 16);
    all.push({ ...more, id, parent: parent.id, start, end: Math.max(start, to) });
  }
  return all;
}

/** Both, in sizes where ties, tolerances and their limits occur. */
export function anyTrace(maxSpans = 24): fc.Arbitrary<NaiveSpan[]> {
  return fc.oneof(
    garbage({ maxNs: 12, maxSpans }),
    garbage({ maxNs: 5_000, maxSpans }),
    trees({ maxNs: 40, maxSpans: 8 }),
    trees({ maxNs: 400, maxSpans }),
    trees({ maxNs: 4_000, maxSpans: 8 }),
    trees({ maxNs: 4_000, maxSpans }),
    trees({ maxNs: 400_000_000, maxSpans }),
  );
}

/** The same spans as columns, offsets as they are. */
export function columnsOf(spans: readonly NaiveSpan[], ws = createPathWorkspace()): PathColumns {
  const columns = new PathColumns();
  columns.reset(spans.length);
  const half = (id: string, from: number) => Number.parseInt(id.slice(from, from + 8), 16);
  for (const [i, span] of spans.entries()) {
    columns.startNs[i] = span.start;
    columns.endNs[i] = span.end;
    columns.kind[i] = SPAN_KIND[span.kind];
    columns.service[i] = span.service;
    columns.operation[i] = span.service;
    columns.host[i] = span.host ?? HOST_UNKNOWN;
    columns.blocking[i] = span.blocking === undefined ? -1 : Number(span.blocking);
    columns.idHi[i] = half(span.id, 0);
    columns.idLo[i] = half(span.id, 8);
    columns.parentHi[i] = span.parent === undefined ? 0 : half(span.parent, 0);
    columns.parentLo[i] = span.parent === undefined ? 0 : half(span.parent, 8);
  }
  const bytes = (i: number) => JSON.stringify(spans[i]);
  linkParents(columns, ws, (a, b) => (bytes(a) < bytes(b) ? -1 : bytes(a) > bytes(b) ? 1 : 0));
  return columns;
}

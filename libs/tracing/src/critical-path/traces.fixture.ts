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
  return fc.array(span, { maxLength: maxSpans }).map((spans) =>
    spans.map(({ id, parent, start, length, ...rest }) => ({
      ...rest,
      id: idOf(id),
      parent: parent === undefined ? undefined : idOf(parent),
      start,
      end: start + length,
    })),
  );
}

/** One tree whose children mostly lie inside their parents: the traces one hopes for. */
export function trees({ maxNs, maxSpans }: Shape): fc.Arbitrary<NaiveSpan[]> {
  const span = fc.record({
    parentPick: fc.nat(1_000_000),
    startRatio: fc.double({ min: -0.1, max: 1, noNaN: true }),
    endRatio: fc.double({ min: 0, max: 1.05, noNaN: true }),
    kind: fc.constantFrom(...KINDS),
    host: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined, freq: 3 }),
    service: fc.integer({ min: 0, max: 1 }),
    blocking: fc.option(fc.boolean(), { nil: undefined, freq: 19 }),
    idSalt: fc.nat(15),
  });
  const length = fc.integer({ min: 1, max: maxNs });
  return fc.tuple(length, fc.array(span, { maxLength: maxSpans - 1 })).map(([end, rest]) => {
    const all: NaiveSpan[] = [
      {
        id: idOf(8),
        parent: undefined,
        start: 0,
        end,
        kind: 'server',
        service: 0,
        host: 0,
        blocking: undefined,
      },
    ];
    for (const [i, { parentPick, startRatio, endRatio, idSalt, ...more }] of rest.entries()) {
      const parent = all[parentPick % all.length]!;
      const at = (ratio: number) => parent.start + Math.round(ratio * (parent.end - parent.start));
      const [from, to] = startRatio < endRatio ? [startRatio, endRatio] : [endRatio, startRatio];
      const id = idOf(idSalt * 1000 + i + 16);
      all.push({ ...more, id, parent: parent.id, start: at(from), end: at(to) });
    }
    return all;
  });
}

/** Both, in sizes where ties, tolerances and their limits occur. */
export function anyTrace(maxSpans = 24): fc.Arbitrary<NaiveSpan[]> {
  return fc.oneof(
    garbage({ maxNs: 12, maxSpans }),
    garbage({ maxNs: 5_000, maxSpans }),
    trees({ maxNs: 40, maxSpans }),
    trees({ maxNs: 3_000, maxSpans }),
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

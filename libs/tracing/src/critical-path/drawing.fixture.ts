import { SPAN_KINDS, type SpanKindName } from '../otlp/span-table.ts';
import type { TracePath } from './analyse.ts';
import type { PathSpan } from './spans.ts';

/**
 * Traces as drawings. One line per span, indented below its parent:
 *
 *     r              : [================]
 *       a client @h1 :   [=====]
 *       b            :          |
 *     = path         : rraaaaaarrrrrrrrrr
 *     = sure         : ..................
 *
 * A span covers the columns from its `[` up to, but without, its `]`: a sibling that touches it
 * has its `[` below that `]`. `|` has no length. One column is `COLUMN_NS`. Words after the name: a
 * kind, `@host`, `service=x`, `async` or `waits` (the attribute flyball.blocking), `orphan`,
 * `id=x`, `start+10`, `end-10` (nanoseconds).
 *
 * `= path` names the span of each column, `= sure` its confidence: `.` certain, `?` inferred,
 * `!` ambiguous.
 */
export const COLUMN_NS = 1000;

export interface Drawing {
  spans: PathSpan[];
  path: string;
  sure: string;
}

export function drawing(text: string, originNs = 0n): Drawing {
  const spans: PathSpan[] = [];
  const parents: { indent: number; id: string }[] = [];
  const answer = { path: '', sure: '' };
  const colons = new Set<number>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const colon = line.indexOf(':');
    if (colons.add(colon).size > 1) throw new Error(`Colons out of line: ${line}`);
    const head = line.slice(0, colon);
    const timeline = line.slice(colon + 2).trimEnd();
    const words = head.trim().split(/\s+/);
    if (words[0] === '=') {
      answer[words[1] as keyof typeof answer] = timeline;
      continue;
    }
    const indent = head.search(/\S/);
    while (parents.length > 0 && parents.at(-1)!.indent >= indent) parents.pop();
    const span = readSpan(words, timeline, parents.at(-1)?.id, originNs);
    spans.push(span);
    parents.push({ indent, id: span.spanId });
  }
  return { spans, ...answer };
}

function readSpan(
  [name, ...words]: string[],
  timeline: string,
  parent: string | undefined,
  originNs: bigint,
): PathSpan {
  const word = (start: string) => words.find((text) => text.startsWith(start))?.slice(start.length);
  const point = timeline.indexOf('|');
  const from = point === -1 ? timeline.indexOf('[') : point;
  const to = point === -1 ? timeline.indexOf(']') : point;
  if (from === -1 || to === -1) throw new Error(`No bar in the drawing of ${name}: ${timeline}`);
  const nudge = (edge: string) => BigInt(word(`${edge}+`) ?? -Number(word(`${edge}-`) ?? 0));
  return {
    spanId: word('id=') ?? name!,
    parentSpanId: words.includes('orphan') ? 'missing' : parent,
    startNs: originNs + BigInt(from * COLUMN_NS) + nudge('start'),
    endNs: originNs + BigInt(to * COLUMN_NS) + nudge('end'),
    kind: kindOf(words),
    service: word('service=') ?? 'shop',
    operation: name!,
    host: word('@'),
    blocking: words.includes('async') ? false : words.includes('waits') ? true : undefined,
  };
}

function kindOf(words: readonly string[]): SpanKindName {
  return SPAN_KINDS.find((kind) => words.includes(kind.toLowerCase())) ?? 'Internal';
}

/** The path as a drawing: span and confidence in the middle of each column. */
export function drawPath(path: TracePath, originNs = 0n): { path: string; sure: string } {
  const signs = { certain: '.', inferred: '?', ambiguous: '!' };
  let names = '';
  let sure = '';
  const offset = Number(path.baseNs - originNs);
  const last = path.segments.at(-1);
  for (let at = COLUMN_NS / 2; last !== undefined && at < last.endNs + offset; at += COLUMN_NS) {
    const here = path.segments.find(
      ({ startNs, endNs }) => startNs + offset <= at && at < endNs + offset,
    );
    names += here?.spanId ?? ' ';
    sure += here === undefined ? ' ' : signs[here.confidence];
  }
  return { path: names, sure };
}

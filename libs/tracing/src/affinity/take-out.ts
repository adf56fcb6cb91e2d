import { type SpanTable, WORDS } from '../otlp/span-table.ts';

/**
 * Forgets spans of a scanned body; those that stay keep their order and the body.
 *
 * @param goes not 0 at the position of each span to be forgotten
 */
export function takeOut(table: SpanTable, goes: ArrayLike<number>): void {
  const { rows, count } = table;
  let stay = 0;
  for (let span = 0; span < count; span += 1) {
    if (goes[span] !== 0) continue;
    if (stay < span) rows.copyWithin(stay * WORDS, span * WORDS, (span + 1) * WORDS);
    stay += 1;
  }
  table.truncate(stay);
}

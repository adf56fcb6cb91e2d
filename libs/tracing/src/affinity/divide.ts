import { type SpanTable, WORDS } from '../otlp/span-table.ts';

/**
 * Moves spans of one scanned body into another table, which is cleared first; those that stay and
 * those that go keep their order, and both tables name the same body.
 *
 * @param goes not 0 at the position of each span to be moved
 */
export function divide(table: SpanTable, goes: ArrayLike<number>, to: SpanTable): void {
  to.clear();
  to.bodies = table.bodies;
  let stay = 0;
  for (let span = 0; span < table.count; span += 1) {
    const base = span * WORDS;
    if (goes[span] !== 0) {
      const at = to.push();
      for (let word = 0; word < WORDS; word += 1) to.rows[at + word] = table.rows[base + word]!;
    } else {
      if (stay < span) table.rows.copyWithin(stay * WORDS, base, base + WORDS);
      stay += 1;
    }
  }
  table.truncate(stay);
}

import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import { tableOf } from '../otlp/trace.fixture.ts';
import { NO_PARENT, PARENT_MISSING, Parents } from './parents.ts';

/** Each span is a child of the one before it; the second names one that did not come. */
function chainOf(length: number): SpanTable {
  const spans = Array.from({ length }, (_, n) => {
    if (n === 0) return { id: 's0' };
    return { id: `s${n}`, parent: n === 1 ? 'gone' : `s${n - 1}` };
  });
  return tableOf(new Interner(), spans);
}

test('parents are found in traces of all sizes, whatever came before', () => {
  const parents = new Parents();
  for (const length of [20, 5000, 13, 12, 70, 300, 16, 17]) {
    parents.link(chainOf(length));
    const expected = Array.from({ length }, (_, n) => n - 1);
    expected[0] = NO_PARENT;
    expected[1] = PARENT_MISSING;
    expect([...parents.parent.slice(0, length)]).toEqual(expected);
  }
});

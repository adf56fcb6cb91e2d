import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { SpanTable } from '../otlp/span-table.ts';
import { tableOf } from '../otlp/trace.fixture.ts';
import { divide } from './divide.ts';

const names = (table: SpanTable, strings: Interner) =>
  Array.from({ length: table.count }, (_, span) => strings.text(table.name(span)));

test('spans go or stay in their order, with the body they are in', () => {
  const strings = new Interner();
  const table = tableOf(
    strings,
    [...'abcde'].map((id) => ({ id, name: id })),
  );
  const [body] = table.bodies;
  const gone = new SpanTable(1);
  gone.push();
  divide(table, [1, 0, 1, 0, 0], gone);
  expect(names(table, strings)).toEqual(['b', 'd', 'e']);
  expect(names(gone, strings)).toEqual(['a', 'c']);
  expect([table.body(2), gone.body(1)]).toEqual([body, body]);
  divide(table, [1, 1, 1], gone);
  expect([table.count, names(gone, strings)]).toEqual([0, ['b', 'd', 'e']]);
});

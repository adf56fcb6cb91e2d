import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import { tableOf } from '../otlp/trace.fixture.ts';
import { takeOut } from './take-out.ts';

const names = (table: SpanTable, strings: Interner) =>
  Array.from({ length: table.count }, (_, span) => strings.text(table.name(span)));

test('spans that stay keep their order and their body', () => {
  const strings = new Interner();
  const table = tableOf(
    strings,
    [...'abcde'].map((id) => ({ id, name: id })),
  );
  const [body] = table.bodies;
  takeOut(table, [1, 0, 1, 0, 0]);
  expect(names(table, strings)).toEqual(['b', 'd', 'e']);
  expect(table.body(2)).toBe(body);
  takeOut(table, [0, 0, 0]);
  expect(names(table, strings)).toEqual(['b', 'd', 'e']);
  takeOut(table, [1, 1, 1]);
  expect(table.count).toBe(0);
});

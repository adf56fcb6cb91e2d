import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dropWhile,
  EMPTY_FIFO,
  type Fifo,
  first,
  last,
  mapFifo,
  placeOf,
  push,
  removeAt,
  removeFirst,
  removeLast,
} from './fifo.ts';

type Op = readonly ['push' | 'first' | 'last' | 'drop' | 'remove' | 'map', number];

const ops = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant('push'), fc.integer({ min: 1, max: 40 })) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('first'), fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('last'), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('drop'), fc.integer({ min: 0, max: 50 })) },
    { weight: 8, arbitrary: fc.tuple(fc.constant('remove'), fc.nat({ max: 10_000 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('map'), fc.constant(0)) },
  ) as fc.Arbitrary<Op>,
  { maxLength: 80, size: 'max' },
);

/** The obvious twin of every operation on a plain array; keys only grow. */
function applied(list: number[], fifo: Fifo<number>, [op, n]: Op): [number[], Fifo<number>] {
  switch (op) {
    case 'push': {
      const next = Math.floor(list.at(-1) ?? 0);
      const added = Array.from({ length: n }, (_, at) => next + at + 1);
      return [[...list, ...added], added.reduce((grown, item) => push(grown, item), fifo)];
    }
    case 'first':
      return [list.slice(1), removeFirst(fifo)];
    case 'last':
      return [list.slice(0, -1), removeLast(fifo)];
    case 'drop': {
      const bound = (list[0] ?? 0) + n;
      const stays = list.findIndex((item) => item >= bound);
      return [stays < 0 ? [] : list.slice(stays), dropWhile(fifo, (item) => item < bound)];
    }
    case 'remove': {
      const key = list[n % Math.max(1, list.length)] ?? 1;
      const place = placeOf(fifo, key, (item) => item);
      expect(place === null).toBe(list.length === 0);
      const at = list.indexOf(key);
      const rest = at < 0 ? list : list.toSpliced(at, 1);
      return [rest, place === null ? fifo : removeAt(fifo, place)];
    }
    case 'map':
      return [list.map((item) => item + 0.25), mapFifo(fifo, (item) => item + 0.25)];
  }
}

test('does what an array does, in few chunks, none empty', () => {
  fc.assert(
    fc.property(ops, (sequence) => {
      let list: number[] = [];
      let fifo: Fifo<number> = EMPTY_FIFO;
      for (const op of sequence) {
        [list, fifo] = applied(list, fifo, op);
        expect(fifo.chunks.flat()).toEqual(list);
        expect(fifo.size).toBe(list.length);
        expect(first(fifo)).toBe(list[0]);
        expect(last(fifo)).toBe(list.at(-1));
        expect(fifo.chunks.every((chunk) => chunk.length >= 1 && chunk.length <= 32)).toBe(true);
        expect(fifo.chunks.length).toBeLessThanOrEqual((2 * list.length) / 32 + 2);
      }
    }),
  );
});

test('finds nothing where nothing is, and takes nothing from nowhere', () => {
  const fifo = [2, 4, 6].reduce((grown: Fifo<number>, item) => push(grown, item), EMPTY_FIFO);
  expect(placeOf(fifo, 3, (item) => item)).toBeNull();
  expect(placeOf(fifo, 7, (item) => item)).toBeNull();
  expect(placeOf(fifo, 6, (item) => item)).toEqual({ chunk: 0, index: 2 });
  expect(removeAt(fifo, { chunk: 0, index: 3 })).toBe(fifo);
  expect(removeAt(fifo, { chunk: 0, index: -1 })).toBe(fifo);
  expect(removeAt(fifo, { chunk: 1, index: 0 })).toBe(fifo);
  expect(removeFirst(EMPTY_FIFO)).toBe(EMPTY_FIFO);
  expect(removeLast(EMPTY_FIFO)).toBe(EMPTY_FIFO);
});

test('drops nothing: it is the same queue; each item is asked once', () => {
  const fifo = Array.from({ length: 70 }, (_, at) => at).reduce(
    (grown: Fifo<number>, item) => push(grown, item),
    EMPTY_FIFO,
  );
  expect(dropWhile(fifo, () => false)).toBe(fifo);
  const asked: number[] = [];
  const rest = dropWhile(fifo, (item) => {
    asked.push(item);
    return item < 40;
  });
  expect(asked).toEqual(Array.from({ length: 41 }, (_, at) => at));
  expect(first(rest)).toBe(40);
  expect(rest.size).toBe(30);
  expect(dropWhile(fifo, () => true)).toEqual({ size: 0, chunks: [] });
});

test('does not fall to pieces when most items leave from its middle', () => {
  let fifo: Fifo<number> = EMPTY_FIFO;
  for (let item = 0; item < 1_024; item += 1) {
    fifo = push(fifo, item);
  }
  for (let item = 0; item < 1_024; item += 1) {
    const place = item % 32 === 7 ? null : placeOf(fifo, item, (each) => each);
    fifo = place === null ? fifo : removeAt(fifo, place);
    expect(fifo.chunks.length).toBeLessThanOrEqual((2 * fifo.size) / 32 + 2);
  }
  expect(fifo.chunks.flat()).toEqual(Array.from({ length: 32 }, (_, at) => at * 32 + 7));
});

import type { PathSegment } from '@flyball/contract';
import { expect, test } from 'vitest';
import { crossings, indexPath, nextPiece, piecesUnder, strokesAmong } from './path.ts';
import { spansOf } from './spans.fixture.ts';
import { buildTree } from './tree.ts';

//  orders   |=====|                       |===|
//    auth         |==|
//    pay             |====|          |====|
//      charge             |==========|
const drawing = `
gateway orders 0-100
  gateway auth 10-20
  checkout pay 20-90
    payments charge 30-80
`;
const tree = buildTree(spansOf(drawing));
const segment = (spanId: string, from: number, to: number): PathSegment => ({
  spanId,
  startOffsetNs: from * 1e6,
  endOffsetNs: to * 1e6,
  confidence: 'certain',
});
const path = indexPath(tree, [
  segment('s0', 0, 10),
  segment('s1', 10, 20),
  segment('s2', 20, 30),
  segment('s3', 30, 80),
  segment('s2', 80, 90),
  segment('s0', 90, 100),
  segment('unknown', 0, 1),
]);
const interval = ({ startNs, endNs }: { startNs: number; endNs: number }) => [
  startNs / 1e6,
  endNs / 1e6,
];

test('an open row shows its own part of the path, a closed one all beneath it', () => {
  expect(piecesUnder(path, 2, 3).map(interval)).toEqual([
    [20, 30],
    [80, 90],
  ]);
  expect(piecesUnder(path, 2, 4).map(interval)).toEqual([[20, 90]]);
  expect(piecesUnder(path, 0, 4).map(interval)).toEqual([[0, 100]]);
});

test('the path of a closed root covers exactly the root', () => {
  const total = path.inTime.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
  expect(total).toBe(100e6);
});

test('crossings lead from row to row, and vanish with the rows', () => {
  const rows = Int32Array.from([0, 1, 2, 3]);
  expect(crossings(path, rows).map(({ top, bottom }) => [top, bottom])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
    [2, 3],
    [0, 2],
  ]);
  expect(crossings(path, Int32Array.from([0, 0, 0, 0]))).toEqual([]);
});

test('a crossing that ends out of sight is only hinted at, one that passes is not drawn', () => {
  const all = [
    { atNs: 1e6, top: 0, bottom: 50 },
    { atNs: 2e6, top: 3, bottom: 4 },
    { atNs: 3e6, top: 5, bottom: 90 },
  ];
  expect(strokesAmong(all, 2, 10, 1)).toEqual([
    { atNs: 2e6, from: 3, to: 4, far: false },
    { atNs: 3e6, from: 5, to: 5.5, far: true },
  ]);
});

test('strokes in one pixel column are one stroke', () => {
  const all = [
    { atNs: 100, top: 1, bottom: 2 },
    { atNs: 101, top: 2, bottom: 3 },
  ];
  expect(strokesAmong(all, 0, 10, 1000)).toEqual([{ atNs: 100, from: 1, to: 3, far: false }]);
});

test('n walks the path and begins again at its end', () => {
  expect(nextPiece(path, 10e6)?.node).toBe(2);
  expect(nextPiece(path, 95e6)?.node).toBe(0);
  expect(nextPiece({ inTime: [], byNode: [] }, 0)).toBeNull();
});

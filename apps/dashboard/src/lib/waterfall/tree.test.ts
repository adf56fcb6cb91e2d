import { expect, test } from 'vitest';
import { span, spansOf } from './spans.fixture.ts';
import { buildTree, childrenOf } from './tree.ts';

const drawing = `
gateway orders 0-100
  checkout pay 10-90
    payments charge 20-80
  gateway auth 2-8
`;

test('depth first, siblings by start, subtrees as ranges', () => {
  const tree = buildTree(spansOf(drawing));
  expect(tree.nodes.map(({ span: { operation }, depth }) => [operation, depth])).toEqual([
    ['orders', 0],
    ['auth', 1],
    ['pay', 1],
    ['charge', 2],
  ]);
  expect(tree.nodes.map(({ end }) => end)).toEqual([4, 2, 4, 4]);
  expect(childrenOf(tree, 0)).toEqual([1, 2]);
  expect(tree.nodes.map(({ childCount }) => childCount)).toEqual([2, 0, 1, 0]);
});

test('a span whose parent is missing is a root and says so', () => {
  const tree = buildTree([span('a', null, {}), span('b', 'gone', { startOffsetNs: 5 })]);
  expect(tree.roots).toEqual([0, 1]);
  expect(tree.nodes.map(({ orphan }) => orphan)).toEqual([false, true]);
});

test('parents in a circle, a span that is its own parent, and twins all stay visible', () => {
  const tree = buildTree([
    span('a', 'b', { startOffsetNs: 1 }),
    span('b', 'a', { startOffsetNs: 2 }),
    span('c', 'c', { startOffsetNs: 3 }),
    span('d', null, { startOffsetNs: 4 }),
    span('d', null, { startOffsetNs: 5 }),
  ]);
  expect(tree.nodes).toHaveLength(5);
  const a = tree.nodes.findIndex((node) => node.span.spanId === 'a');
  expect(tree.nodes[a]!.parent).toBe(-1);
  expect(tree.nodes[a + 1]!.span.spanId).toBe('b');
});

test('a chain of 50,000 spans needs no stack of its own', () => {
  const spans = Array.from({ length: 50_000 }, (_, i) =>
    span(`s${i}`, i === 0 ? null : `s${i - 1}`, { startOffsetNs: i }),
  );
  const tree = buildTree(spans);
  expect(tree.nodes.at(-1)!.depth).toBe(49_999);
  expect(tree.nodes[0]!.end).toBe(50_000);
});

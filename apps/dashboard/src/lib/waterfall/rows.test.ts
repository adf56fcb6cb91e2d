import { expect, test } from 'vitest';
import { findGroups, nearestRank } from './group.ts';
import { type RowChoices, revealed, visibleRows } from './rows.ts';
import { spansOf } from './spans.fixture.ts';
import { buildTree } from './tree.ts';

const drawing = `
gateway orders 0-100
  gateway auth 2-8
  checkout pay 10-90
    inventory select 11-13
    inventory select 14-16
    payments charge 17-20!
    inventory select 21-23
    inventory select 24-26
    inventory select 27-39!
`;
const tree = buildTree(spansOf(drawing));
const groups = findGroups(tree);
const all: RowChoices = { openDepth: null, toggled: new Set(), service: null };

function read(choices: RowChoices): string[] {
  return visibleRows(tree, groups, choices).rows.map((row) => {
    const indent = '  '.repeat(row.depth);
    return row.kind === 'span'
      ? indent + tree.nodes[row.node]!.span.operation
      : `${indent}${row.group.members.length} alike`;
  });
}

test('five siblings alike are one row, at the place of the first', () => {
  expect(read(all)).toEqual(['orders', '  auth', '  pay', '    5 alike', '    charge']);
  const group = groups.get(2)![0]!;
  expect(group).toMatchObject({
    totalNs: 20e6,
    p95Ns: 12e6,
    errors: 1,
    startNs: 11e6,
    endNs: 39e6,
  });
});

test('a group opens, a span closes, and every node knows the row that stands for it', () => {
  const group = groups.get(2)![0]!;
  const opened = { ...all, toggled: new Set([group.id]) };
  expect(read(opened)).toHaveLength(10);
  const closed = visibleRows(tree, groups, { ...all, toggled: new Set(['s2']) });
  expect(closed.rows).toHaveLength(3);
  expect([...closed.rowOfNode]).toEqual([0, 1, 2, 2, 2, 2, 2, 2, 2]);
});

test('closing by level keeps what is above it', () => {
  expect(read({ ...all, openDepth: 1 })).toEqual(['orders', '  auth', '  pay']);
});

test('a filter shows its service with the way down to it', () => {
  const { rows, rowOfNode } = visibleRows(tree, groups, { ...all, service: 'payments' });
  expect(rows.map((row) => row.kind === 'span' && [row.node, row.context])).toEqual([
    [0, true],
    [2, true],
    [5, false],
  ]);
  expect(rowOfNode[1]).toBe(-1);
});

test('what is hidden can be revealed, whatever hides it', () => {
  const hidden: RowChoices = { openDepth: 1, toggled: new Set(), service: null };
  const toggled = revealed(tree, groups, hidden, 4);
  const { rows, rowOfNode } = visibleRows(tree, groups, { ...hidden, toggled });
  expect(rows[rowOfNode[4]!]).toMatchObject({ kind: 'span', node: 4 });
});

test('percentiles are by nearest rank', () => {
  expect(nearestRank([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(nearestRank([5, 1, 3, 2, 4], 0.95)).toBe(5);
  expect(nearestRank([], 0.95)).toBe(0);
});

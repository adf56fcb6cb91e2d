import type { Group, Groups } from './group.ts';
import { childrenOf, type Tree } from './tree.ts';

export type SpanRow = {
  kind: 'span';
  id: string;
  node: number;
  depth: number;
  hasChildren: boolean;
  open: boolean;
  /** Shown only because something beneath it matches the filter. */
  context: boolean;
};
export type GroupRow = { kind: 'group'; id: string; group: Group; depth: number; open: boolean };
export type Row = SpanRow | GroupRow;

export type RowChoices = {
  /** Spans at this depth and deeper start closed; null: all start open. */
  openDepth: number | null;
  /** Rows that are not as they start (groups start closed). */
  toggled: ReadonlySet<string>;
  service: string | null;
};

export type Rows = {
  rows: Row[];
  /** For each node the row that shows it: its own, or that of what hides it; -1: filtered out. */
  rowOfNode: Int32Array;
};

type Item = { node: number; depth: number } | { group: Group; depth: number };

export function visibleRows(tree: Tree, groups: Groups, choices: RowChoices): Rows {
  const matches = matchingNodes(tree, choices.service);
  const rowOfNode = new Int32Array(tree.nodes.length).fill(-1);
  const rows: Row[] = [];
  const stack: Item[] = [];

  const push = (items: Item[]) => {
    for (let i = items.length - 1; i >= 0; i--) stack.push(items[i]!);
  };

  push(itemsUnder(tree, groups, -1, 0, matches));
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const at = rows.length;
    if ('group' in item) {
      const open = choices.toggled.has(item.group.id);
      rows.push({ kind: 'group', id: item.group.id, group: item.group, depth: item.depth, open });
      for (const member of item.group.members) hideUnder(tree, rowOfNode, member, at);
      const { depth } = item;
      if (open) push(item.group.members.map((node) => ({ node, depth: depth + 1 })));
      continue;
    }
    const row = spanRow(tree, item.node, item.depth, choices, matches);
    rows.push(row);
    rowOfNode[item.node] = at;
    if (row.open) push(itemsUnder(tree, groups, item.node, item.depth + 1, matches));
    else hideUnder(tree, rowOfNode, item.node, at);
  }
  return { rows, rowOfNode };
}

function spanRow(
  tree: Tree,
  node: number,
  depth: number,
  choices: RowChoices,
  matches: Uint8Array | null,
): SpanRow {
  const { childCount } = tree.nodes[node]!;
  const id = `s${node}`;
  // What a filter asks for is not hidden by a level.
  const startsOpen = matches !== null || choices.openDepth === null || depth < choices.openDepth;
  return {
    kind: 'span',
    id,
    node,
    depth,
    hasChildren: childCount > 0,
    open: childCount > 0 && startsOpen !== choices.toggled.has(id),
    context: matches !== null && matches[node] === beneath,
  };
}

function hideUnder(tree: Tree, rowOfNode: Int32Array, node: number, row: number): void {
  rowOfNode.fill(row, node, tree.nodes[node]!.end);
}

/** The children of a node, with each group standing where its first member starts. */
function itemsUnder(
  tree: Tree,
  groups: Groups,
  parent: number,
  depth: number,
  matches: Uint8Array | null,
): Item[] {
  const children = childrenOf(tree, parent);
  // A filter asks for single spans; groups would hide what does not match.
  if (matches !== null) {
    return children.filter((node) => matches[node] !== 0).map((node) => ({ node, depth }));
  }
  const grouped = new Map<number, Group>();
  for (const group of groups.get(parent) ?? []) {
    for (const member of group.members) grouped.set(member, group);
  }
  const items: Item[] = [];
  for (const node of children) {
    const group = grouped.get(node);
    if (group === undefined) items.push({ node, depth });
    else if (group.members[0] === node) items.push({ group, depth });
  }
  return items;
}

const itself = 2;
const beneath = 1;

function matchingNodes(tree: Tree, service: string | null): Uint8Array | null {
  if (service === null) return null;
  const matches = new Uint8Array(tree.nodes.length);
  for (let i = tree.nodes.length - 1; i >= 0; i--) {
    const { span, parent } = tree.nodes[i]!;
    if (span.service === service) matches[i] = itself;
    if (matches[i] !== 0 && parent !== -1 && matches[parent] === 0) matches[parent] = beneath;
  }
  return matches;
}

/** `toggled` as it must be for this node to have a row of its own. */
export function revealed(
  tree: Tree,
  groups: Groups,
  choices: RowChoices,
  node: number,
): Set<string> {
  const toggled = new Set(choices.toggled);
  let child = node;
  for (let parent = tree.nodes[node]!.parent; ; parent = tree.nodes[parent]!.parent) {
    const here = child;
    const group = groups.get(parent)?.find(({ members }) => members.includes(here));
    if (group !== undefined) toggled.add(group.id);
    if (parent === -1) return toggled;
    child = parent;
    const startsOpen =
      choices.openDepth === null || rowDepth(tree, groups, parent) < choices.openDepth;
    if (startsOpen) toggled.delete(`s${parent}`);
    else toggled.add(`s${parent}`);
  }
}

/** Groups push what is beneath them one level in. */
function rowDepth(tree: Tree, groups: Groups, node: number): number {
  let depth = 0;
  for (let at = node; at !== -1; at = tree.nodes[at]!.parent) {
    const here = at;
    const { parent } = tree.nodes[at]!;
    if (groups.get(parent)?.some(({ members }) => members.includes(here))) depth += 1;
    if (parent !== -1) depth += 1;
  }
  return depth;
}

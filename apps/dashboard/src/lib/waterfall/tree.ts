import type { TraceSpan } from '@flyball/contract';

/**
 * A trace as a flat list in depth-first order. The subtree of node `i` is `i` up to `end`, so
 * "everything beneath" is a range and 100,000 spans need no recursion.
 */
export type TreeNode = {
  span: TraceSpan;
  /** Index of the parent node, -1 for a root. */
  parent: number;
  depth: number;
  /** Index after the last node of the subtree. */
  end: number;
  childCount: number;
  /** It names a parent that is not in the answer. */
  orphan: boolean;
};

export type Tree = { nodes: TreeNode[]; roots: number[] };

function byStart(a: TraceSpan, b: TraceSpan): number {
  return a.startOffsetNs - b.startOffsetNs || b.durationNs - a.durationNs;
}

type Families = { roots: TraceSpan[]; childrenOf: Map<string, TraceSpan[]>; known: Set<string> };

function sortIntoFamilies(spans: readonly TraceSpan[]): Families {
  const known = new Set(spans.map((span) => span.spanId));
  const roots: TraceSpan[] = [];
  const childrenOf = new Map<string, TraceSpan[]>();
  for (const span of spans) {
    const parent = span.parentSpanId;
    if (parent === null || parent === span.spanId || !known.has(parent)) {
      roots.push(span);
      continue;
    }
    const siblings = childrenOf.get(parent);
    if (siblings) siblings.push(span);
    else childrenOf.set(parent, [span]);
  }
  return { roots, childrenOf, known };
}

/** Siblings in order of start; spans in a cycle of parents hang from the earliest of them. */
export function buildTree(spans: readonly TraceSpan[]): Tree {
  const { roots: rootSpans, childrenOf, known } = sortIntoFamilies(spans);
  const tree: Tree = { nodes: [], roots: [] };
  const placed = new Set<TraceSpan>();

  const place = (root: TraceSpan) => {
    tree.roots.push(tree.nodes.length);
    const stack: { span: TraceSpan; parent: number }[] = [{ span: root, parent: -1 }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (placed.has(top.span)) continue;
      placed.add(top.span);
      const index = tree.nodes.length;
      tree.nodes.push(nodeOf(tree, top.span, top.parent, known));
      const children = childrenOf.get(top.span.spanId);
      // Of two spans with one id the first keeps the children.
      childrenOf.delete(top.span.spanId);
      if (!children) continue;
      children.sort(byStart);
      for (let i = children.length - 1; i >= 0; i--) {
        stack.push({ span: children[i]!, parent: index });
      }
    }
  };

  for (const root of rootSpans.sort(byStart)) place(root);
  if (placed.size < spans.length) {
    for (const span of spans.filter((each) => !placed.has(each)).sort(byStart)) {
      if (!placed.has(span)) place(span);
    }
  }
  closeSubtrees(tree.nodes);
  return tree;
}

function nodeOf(tree: Tree, span: TraceSpan, parent: number, known: Set<string>): TreeNode {
  const orphan = parent === -1 && span.parentSpanId !== null && !known.has(span.parentSpanId);
  const depth = parent === -1 ? 0 : tree.nodes[parent]!.depth + 1;
  return { span, parent, depth, end: 0, childCount: 0, orphan };
}

function closeSubtrees(nodes: TreeNode[]): void {
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (node.end === 0) node.end = i + 1;
    if (node.parent === -1) continue;
    const parent = nodes[node.parent]!;
    parent.childCount += 1;
    if (parent.end < node.end) parent.end = node.end;
  }
}

export function childrenOf(tree: Tree, index: number): number[] {
  if (index === -1) return tree.roots;
  const children: number[] = [];
  const { end } = tree.nodes[index]!;
  for (let i = index + 1; i < end; i = tree.nodes[i]!.end) children.push(i);
  return children;
}

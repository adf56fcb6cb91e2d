import { childrenOf, type Tree } from './tree.ts';

/** Siblings that do the same thing, shown as one row: 300 identical queries are one fact. */
export type Group = {
  id: string;
  members: number[];
  startNs: number;
  endNs: number;
  totalNs: number;
  p95Ns: number;
  /** Nanoseconds on the critical path of the members and of everything beneath them. */
  onPathNs: number;
  errors: number;
};

const fewestMembers = 5;

/** Groups by the index of their parent node (-1: among the roots). */
export type Groups = Map<number, Group[]>;

export function findGroups(tree: Tree): Groups {
  const groups: Groups = new Map();
  for (let parent = -1; parent < tree.nodes.length; parent++) {
    const size = parent === -1 ? tree.roots.length : tree.nodes[parent]!.childCount;
    if (size < fewestMembers) continue;
    const found = groupChildren(tree, parent);
    if (found.length > 0) groups.set(parent, found);
  }
  return groups;
}

function groupChildren(tree: Tree, parent: number): Group[] {
  const alike = new Map<string, number[]>();
  for (const child of childrenOf(tree, parent)) {
    const { service, operation, kind } = tree.nodes[child]!.span;
    const key = `${service}\n${operation}\n${kind}`;
    const members = alike.get(key);
    if (members) members.push(child);
    else alike.set(key, [child]);
  }
  return [...alike.values()]
    .filter((members) => members.length >= fewestMembers)
    .map((members) => measureGroup(tree, members));
}

function measureGroup(tree: Tree, members: number[]): Group {
  const durations: number[] = [];
  const group: Group = {
    id: `g${members[0]}`,
    members,
    startNs: Number.POSITIVE_INFINITY,
    endNs: 0,
    totalNs: 0,
    p95Ns: 0,
    onPathNs: 0,
    errors: 0,
  };
  for (const member of members) {
    const { span, end } = tree.nodes[member]!;
    durations.push(span.durationNs);
    group.totalNs += span.durationNs;
    group.startNs = Math.min(group.startNs, span.startOffsetNs);
    group.endNs = Math.max(group.endNs, span.startOffsetNs + span.durationNs);
    if (span.status === 'Error') group.errors += 1;
    for (let i = member; i < end; i++) group.onPathNs += tree.nodes[i]!.span.onPathNs;
  }
  group.p95Ns = nearestRank(durations, 0.95);
  return group;
}

export function nearestRank(values: number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0;
}

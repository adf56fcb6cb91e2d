import type { TraceDetail } from '@flyball/contract';
import { findGroups, type Groups } from './group.ts';
import { type CriticalPath, indexPath } from './path.ts';
import { buildTree, type Tree } from './tree.ts';

/** Everything about a trace that does not depend on what is open or chosen. */
export type Model = {
  detail: TraceDetail;
  tree: Tree;
  groups: Groups;
  path: CriticalPath;
  nodeOfSpan: Map<string, number>;
  /** Position of each service in first-seen order: its colour. */
  colourOf: Map<string, number>;
};

export function modelOf(detail: TraceDetail): Model {
  const tree = buildTree(detail.spans);
  return {
    detail,
    tree,
    groups: findGroups(tree),
    path: indexPath(tree, detail.criticalPath.segments),
    nodeOfSpan: new Map(tree.nodes.map(({ span }, index) => [span.spanId, index])),
    colourOf: new Map(detail.services.map((service, index) => [service, index])),
  };
}

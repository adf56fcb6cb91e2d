import type { TraceView } from '../window/trace-view.ts';
import type { AttributeColumns } from './attribute-columns.ts';

/** Looks at a pair of small whole numbers; true ends the walk. */
export type VisitPair = (left: number, right: number) => boolean;

/** Each call from one service to another: caller and callee. */
export function someEdge({ spans, parents }: TraceView, visit: VisitPair): boolean {
  for (let span = 0; span < spans.count; span += 1) {
    const parent = parents[span] as number;
    if (parent < 0 || parent === span) continue;
    const caller = spans.service(parent);
    const callee = spans.service(span);
    if (caller !== callee && visit(caller, callee)) return true;
  }
  return false;
}

/** Each operation: service and name. */
export function someOperation({ spans }: TraceView, visit: VisitPair): boolean {
  for (let span = 0; span < spans.count; span += 1) {
    if (visit(spans.service(span), spans.name(span))) return true;
  }
  return false;
}

/** Each version: service, and 24 bits of a hash of `service.version`, where it is set. */
export function someVersion(
  { spans }: TraceView,
  resources: AttributeColumns,
  position: number,
  visit: VisitPair,
): boolean {
  for (let span = 0; span < spans.count; span += 1) {
    const place = resources.find(span, position);
    if (place < 0) continue;
    const bytes = resources.source(place);
    const end = resources.end(place);
    let hash = 0x811c9dc5;
    for (let at = resources.start(place); at < end; at += 1) {
      hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    }
    if (visit(spans.service(span), (hash >>> 8) ^ (hash & 0xff))) return true;
  }
  return false;
}

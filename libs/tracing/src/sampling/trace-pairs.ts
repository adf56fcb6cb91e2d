import { callTypeOf, PeerNames } from '../graph/peer.ts';
import { EMPTY_ID, type Interner } from '../otlp/interner.ts';
import {
  KIND_CLIENT,
  KIND_CONSUMER,
  KIND_PRODUCER,
  KIND_SERVER,
  type SpanTable,
} from '../otlp/span-table.ts';
import type { TraceView } from '../window/trace-view.ts';
import type { AttributeColumns } from './attribute-columns.ts';

/** Looks at a pair of small whole numbers; true ends the walk. */
export type VisitPair = (left: number, right: number) => boolean;

/** The spans of one trace, and for each the row of its parent. */
export type LinkedSpans = Pick<TraceView, 'spans' | 'parents'>;

/**
 * The calls of a trace, named as the service graph names them: from one service to another, from a
 * service to a database, a broker or a host that sends no spans, and from a queue to the consumer
 * whose producer is in another trace.
 */
export class TraceEdges {
  readonly #peers: PeerNames;
  /** Spans of callers whose callee is in the trace. */
  #answered = new Uint8Array(64);

  constructor(strings: Interner) {
    this.#peers = new PeerNames(strings);
  }

  /** Each call: caller and callee. */
  some({ spans, parents }: LinkedSpans, visit: VisitPair): boolean {
    if (this.#answered.length < spans.count) this.#answered = new Uint8Array(spans.count * 2);
    this.#answered.fill(0, 0, spans.count);
    for (let span = 0; span < spans.count; span += 1) {
      const parent = parents[span] as number;
      if (parent < 0 && this.#isDelivery(spans, span, visit)) return true;
      if (parent < 0 || parent === span) continue;
      const caller = spans.service(parent);
      const callee = spans.service(span);
      const kind = spans.kind(span);
      if (caller !== callee || kind === KIND_SERVER || kind === KIND_CONSUMER) {
        this.#answered[parent] = 1;
      }
      if (caller !== callee && visit(caller, callee)) return true;
    }
    for (let span = 0; span < spans.count; span += 1) {
      if (this.#answered[span] === 1) continue;
      const kind = spans.kind(span);
      if (kind !== KIND_CLIENT && kind !== KIND_PRODUCER) continue;
      const callee = this.#peers.nameOf(spans, span, callTypeOf(spans, span));
      if (callee !== EMPTY_ID && visit(spans.service(span), callee)) return true;
    }
    return false;
  }

  #isDelivery(spans: SpanTable, span: number, visit: VisitPair): boolean {
    if (spans.kind(span) !== KIND_CONSUMER) return false;
    const queue = this.#peers.nameOf(spans, span, 'messaging');
    return queue !== EMPTY_ID && visit(queue, spans.service(span));
  }
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

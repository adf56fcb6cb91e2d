import type { PathColumns } from './columns.ts';
import type { CriticalPath } from './critical-path.ts';
import type { SlackAndDrag } from './slack.ts';

/** What one operation of one service did in one trace. Numbers as in the columns; times in ns. */
export interface OperationTime {
  service: number;
  operation: number;
  /** Its own time on the critical path; 0 off the path. Adds up to the root's duration. */
  exclusiveNs: number;
  /** Its spans for which something waited, on the path or not. */
  spans: number;
  /** Of these, those with time on the path. */
  spansOnPath: number;
  /** Of these, those that failed. */
  failedSpans: number;
  /** The least slack of its spans: 0 when one of them is on the path. */
  slackNs: number;
  /** Sum over its spans: what the root can win here at most. */
  dragNs: number;
  /** Its span with the most time on the path, as an example. */
  exampleSpan: number;
}

/** Folds a path into one row per (service, operation) that the root waited for. */
export function timeByOperation(
  columns: PathColumns,
  path: CriticalPath,
  { slackNs, dragNs }: SlackAndDrag,
  isError: (span: number) => boolean = () => false,
): OperationTime[] {
  const ws = path.workspace;
  const rows = new RowsByOperation();
  for (let i = 0; i < ws.reached; i++) {
    const span = ws.order[i]!;
    const slack = slackNs[span]!;
    if (Number.isNaN(slack)) continue;
    const exclusiveNs = path.exclusiveNs[span]!;
    const row = rows.of(columns.service[span]!, columns.operation[span]!, span);
    row.spans++;
    if (exclusiveNs > 0) row.spansOnPath++;
    if (exclusiveNs > path.exclusiveNs[row.exampleSpan]!) row.exampleSpan = span;
    if (isError(span)) row.failedSpans++;
    row.exclusiveNs += exclusiveNs;
    row.slackNs = Math.min(row.slackNs, slack);
    row.dragNs += dragNs[span]!;
  }
  return rows.list;
}

/** Most traces have few operations: looking at all of them is faster than a map. */
const FEW = 16;

class RowsByOperation {
  readonly list: OperationTime[] = [];
  #index: Map<number, OperationTime> | undefined;

  of(service: number, operation: number, span: number): OperationTime {
    return this.#find(service, operation) ?? this.#add(service, operation, span);
  }

  #find(service: number, operation: number): OperationTime | undefined {
    if (this.#index !== undefined) return this.#index.get(keyOf(service, operation));
    for (const row of this.list) {
      if (row.service === service && row.operation === operation) return row;
    }
    return undefined;
  }

  #add(service: number, operation: number, span: number): OperationTime {
    const row: OperationTime = {
      service,
      operation,
      exclusiveNs: 0,
      spans: 0,
      spansOnPath: 0,
      failedSpans: 0,
      slackNs: Number.POSITIVE_INFINITY,
      dragNs: 0,
      exampleSpan: span,
    };
    this.list.push(row);
    if (this.#index !== undefined) this.#index.set(keyOf(service, operation), row);
    else if (this.list.length > FEW) {
      this.#index = new Map(
        this.list.map((known) => [keyOf(known.service, known.operation), known]),
      );
    }
    return row;
  }
}

/** Both are 32-bit numbers, of which real tables use far fewer than 2^26 operations. */
function keyOf(service: number, operation: number): number {
  return service * 2 ** 26 + operation;
}

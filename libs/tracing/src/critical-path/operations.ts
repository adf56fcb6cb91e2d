import type { PathColumns } from './columns.ts';
import type { CriticalPath } from './critical-path.ts';
import type { SlackAndDrag } from './slack.ts';
import type { PathWorkspace } from './workspace.ts';

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
  measures: SlackAndDrag,
): OperationTime[] {
  const ws = path.workspace;
  return Array.from({ length: foldByOperation(columns, path, measures) }, (_, row) => ({
    service: ws.foldService[row]!,
    operation: ws.foldOperation[row]!,
    exclusiveNs: ws.foldExclusive[row]!,
    spans: ws.foldSpans[row]!,
    spansOnPath: ws.foldOnPath[row]!,
    failedSpans: ws.foldFailed[row]!,
    slackNs: ws.foldSlack[row]!,
    dragNs: ws.foldDrag[row]!,
    exampleSpan: ws.foldExample[row]!,
  }));
}

/** The same without objects: leaves the rows in `ws.fold*` and returns how many there are. */
export function foldByOperation(
  columns: PathColumns,
  path: CriticalPath,
  { slackNs, dragNs }: SlackAndDrag,
): number {
  const ws = path.workspace;
  ws.foldCount = 0;
  let index: Map<number, number> | undefined;
  for (let i = 0; i < ws.reached; i++) {
    const span = ws.order[i]!;
    const slack = slackNs[span]!;
    if (Number.isNaN(slack)) continue;
    const service = columns.service[span]!;
    const operation = columns.operation[span]!;
    if (index === undefined && ws.foldCount > FEW) index = indexOf(ws);
    const known =
      index === undefined ? find(ws, service, operation) : index.get(keyOf(service, operation));
    const row = known ?? addRow(ws, span, service, operation);
    if (known === undefined) index?.set(keyOf(service, operation), row);
    const exclusiveNs = path.exclusiveNs[span]!;
    ws.foldSpans[row]!++;
    if (exclusiveNs > 0) ws.foldOnPath[row]!++;
    if (exclusiveNs > path.exclusiveNs[ws.foldExample[row]!]!) ws.foldExample[row] = span;
    ws.foldFailed[row]! += columns.failed[span]!;
    ws.foldExclusive[row]! += exclusiveNs;
    ws.foldDrag[row]! += dragNs[span]!;
    if (slack < ws.foldSlack[row]!) ws.foldSlack[row] = slack;
  }
  return ws.foldCount;
}

/** Most traces have few operations: looking at all of them is faster than a map. */
const FEW = 16;

function find(ws: PathWorkspace, service: number, operation: number): number | undefined {
  for (let row = 0; row < ws.foldCount; row++) {
    if (ws.foldOperation[row] === operation && ws.foldService[row] === service) return row;
  }
  return undefined;
}

function addRow(ws: PathWorkspace, span: number, service: number, operation: number): number {
  const row = ws.foldCount++;
  ws.foldService[row] = service;
  ws.foldOperation[row] = operation;
  ws.foldSpans[row] = 0;
  ws.foldOnPath[row] = 0;
  ws.foldFailed[row] = 0;
  ws.foldExample[row] = span;
  ws.foldExclusive[row] = 0;
  ws.foldSlack[row] = Number.POSITIVE_INFINITY;
  ws.foldDrag[row] = 0;
  return row;
}

function indexOf(ws: PathWorkspace): Map<number, number> {
  const index = new Map<number, number>();
  for (let row = 0; row < ws.foldCount; row++) {
    index.set(keyOf(ws.foldService[row]!, ws.foldOperation[row]!), row);
  }
  return index;
}

/** Both are 32-bit numbers, of which real tables use far fewer than 2^26 operations. */
function keyOf(service: number, operation: number): number {
  return service * 2 ** 26 + operation;
}

import { type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import { bucketTime } from '../red/bucket-time.ts';
import { type Buckets, type CountColumns, Counts } from '../red/counts.ts';
import { PairMap } from '../red/pair-map.ts';
import type { Decision } from '../sampling/decision.ts';
import type { TraceView } from '../window/trace-view.ts';
import { PathColumns } from './columns.ts';
import { criticalPath } from './critical-path.ts';
import { foldByOperation } from './operations.ts';
import { slackAndDrag } from './slack.ts';
import { columnsOfTable } from './table.ts';
import { createPathWorkspace, type PathWorkspace } from './workspace.ts';

/** A row of flyball_endpoints: an increment; rows of one key add up. */
export interface EndpointRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  root_service: string;
  root_operation: string;
  traces: number;
  /** Of these, those whose root failed. */
  errors: number;
  /** Decimal text: what `exclusive_ns` of the endpoint's operations adds up to. */
  duration_sum_ns: string;
  buckets: Buckets;
}

/** A row of flyball_critical_path: an increment; rows of one key add up. */
export interface CriticalPathRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  root_service: string;
  root_operation: string;
  service: string;
  operation: string;
  /** Traces in which the root waited for it, whether it was the bottleneck or not. */
  seen: number;
  /** Of these, those in which it was on the path. */
  traces: number;
  /** Of the traces on the path, those in which one of its spans failed. */
  errors: number;
  /** Decimal text: own time on the path. */
  exclusive_ns: string;
  /** Decimal text: per trace seen the least slack of its spans, summed. */
  slack_ns: string;
  /** Decimal text: what the roots could have won here at most. */
  drag_ns: string;
  /** Histogram of own time, over the traces in which it was on the path. */
  buckets: Buckets;
  /** A kept trace with it on the path, or ''. */
  example_trace_id: string;
}

export interface CriticalPathLimits {
  /** Pairs of endpoint and operation between two drains. */
  maxSeries: number;
}

const DEFAULTS: CriticalPathLimits = { maxSeries: 20_000 };

interface Operation {
  own: Counts;
  seen: number;
  slackNs: number;
  dragNs: number;
  example: string;
}

/** All by service and operation, as interned ids. */
interface Endpoint {
  whole: Counts;
  operations: PairMap<Operation>;
}

/**
 * Where the time of each endpoint goes, from every decided trace, kept or not. Totals are exact:
 * what exceeds the bound on series counts under `__overflow__`.
 */
export class CriticalPathAggregator {
  readonly #strings: Interner;
  readonly #limits: CriticalPathLimits;
  readonly #workspace = createPathWorkspace();
  readonly #columns = new PathColumns();
  readonly #endpoints = new PairMap<Endpoint>();
  #series = 0;
  #time = 0;
  #finished: { endpoints: EndpointRow[]; paths: CriticalPathRow[] } = { endpoints: [], paths: [] };
  #overflowed = 0;
  #rootless = 0;

  constructor(strings: Interner, limits: Partial<CriticalPathLimits> = {}) {
    this.#strings = strings;
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Operations of traces that were counted under `__overflow__`. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Traces left out because their root never came: nobody knows whose time it was. */
  get rootless(): number {
    return this.#rootless;
  }

  /** Late spans are left out: half a path misleads. */
  record(trace: TraceView, decision: Decision, nowMs: number): void {
    if (trace.earlier !== undefined) return;
    const { spans, root } = trace;
    if (root < 0) {
      this.#rootless += 1;
      return;
    }
    const columns = this.#columns;
    columnsOfTable(spans, root, columns, this.#workspace, trace.parents);
    const path = criticalPath(columns, this.#workspace);
    if (path.rootIndex === -1) {
      this.#rootless += 1;
      return;
    }
    const rows = foldByOperation(columns, path, slackAndDrag(columns, path));
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    const endpoint = this.#endpointOf(
      columns.service[path.rootIndex]!,
      columns.operation[path.rootIndex]!,
    );
    endpoint.whole.add(path.durationNs, spans.isError(path.rootIndex));
    const ws = this.#workspace;
    const keptTraceId = decision.keep ? trace.traceId : '';
    for (let row = 0; row < rows; row += 1) {
      const operation = this.#operationOf(endpoint, ws.foldService[row]!, ws.foldOperation[row]!);
      addRow(operation, ws, row, keptTraceId);
    }
  }

  /** Increments since the last drain. */
  drain(): { endpoints: EndpointRow[]; paths: CriticalPathRow[] } {
    this.#turn(this.#time);
    const finished = this.#finished;
    this.#finished = { endpoints: [], paths: [] };
    return finished;
  }

  #endpointOf(service: number, operation: number): Endpoint {
    const known = this.#endpoints.get(service, operation);
    if (known !== undefined) return known;
    if (this.#isFull() && !isOverflow(service, operation)) {
      this.#overflowed += 1;
      return this.#endpointOf(OVERFLOW_ID, OVERFLOW_ID);
    }
    const endpoint = { whole: new Counts(), operations: new PairMap<Operation>() };
    this.#endpoints.set(service, operation, endpoint);
    return endpoint;
  }

  #operationOf(endpoint: Endpoint, service: number, name: number): Operation {
    const known = endpoint.operations.get(service, name);
    if (known !== undefined) return known;
    if (this.#isFull() && !isOverflow(service, name)) {
      this.#overflowed += 1;
      return this.#operationOf(endpoint, OVERFLOW_ID, OVERFLOW_ID);
    }
    this.#series += 1;
    const operation = { own: new Counts(), seen: 0, slackNs: 0, dragNs: 0, example: '' };
    endpoint.operations.set(service, name, operation);
    return operation;
  }

  #isFull(): boolean {
    return this.#series >= this.#limits.maxSeries;
  }

  #turn(time: number): void {
    const text = (id: number) => this.#strings.text(id);
    for (const [rootService, rootOperation, { whole, operations }] of this.#endpoints) {
      const root = {
        time: this.#time,
        root_service: text(rootService),
        root_operation: text(rootOperation),
      };
      const { count, ...columns } = whole.columns();
      this.#finished.endpoints.push({ ...root, traces: count, ...columns });
      for (const [service, name, operation] of operations) {
        const own = pathColumns(operation, operation.own.columns());
        const of = { service: text(service), operation: text(name) };
        this.#finished.paths.push({ ...root, ...of, ...own });
      }
    }
    this.#endpoints.clear();
    this.#series = 0;
    this.#time = time;
  }
}

function isOverflow(service: number, operation: number): boolean {
  return service === OVERFLOW_ID && operation === OVERFLOW_ID;
}

function addRow(operation: Operation, ws: PathWorkspace, row: number, keptTraceId: string): void {
  operation.seen += 1;
  operation.slackNs += ws.foldSlack[row]!;
  operation.dragNs += ws.foldDrag[row]!;
  if (ws.foldOnPath[row] === 0) return;
  operation.own.add(ws.foldExclusive[row]!, ws.foldFailed[row]! > 0);
  if (keptTraceId !== '') operation.example = keptTraceId;
}

function pathColumns({ seen, slackNs, dragNs, example }: Operation, own: CountColumns) {
  return {
    seen,
    traces: own.count,
    errors: own.errors,
    exclusive_ns: own.duration_sum_ns,
    slack_ns: BigInt(slackNs).toString(),
    drag_ns: BigInt(dragNs).toString(),
    buckets: own.buckets,
    example_trace_id: example,
  };
}

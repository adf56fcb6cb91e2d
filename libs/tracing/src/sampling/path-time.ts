import { PathColumns } from '../critical-path/columns.ts';
import { criticalPath } from '../critical-path/critical-path.ts';
import { columnsOfTable } from '../critical-path/table.ts';
import { createPathWorkspace } from '../critical-path/workspace.ts';
import type { TraceView } from '../window/trace-view.ts';

/** The critical path of the trace being decided; worked out once, and only when a rule asks. */
export class PathTime {
  readonly #workspace = createPathWorkspace();
  readonly #columns = new PathColumns();
  #exclusiveNs: Float64Array = new Float64Array(0);
  #known = false;
  #durationNs = 0;

  /** Takes the next trace. */
  begin(): void {
    this.#known = false;
  }

  /** Of the root; 0 when the trace has no root. */
  durationNs(trace: TraceView): number {
    this.#analyse(trace);
    return this.#durationNs;
  }

  /** The time in which the root waited for this span itself. */
  exclusiveNs(trace: TraceView, span: number): number {
    this.#analyse(trace);
    return this.#durationNs === 0 ? 0 : (this.#exclusiveNs[span] as number);
  }

  #analyse({ spans, root }: TraceView): void {
    if (this.#known) return;
    this.#known = true;
    this.#durationNs = 0;
    if (root < 0) return;
    columnsOfTable(spans, root, this.#columns, this.#workspace);
    const path = criticalPath(this.#columns, this.#workspace);
    this.#durationNs = path.durationNs;
    this.#exclusiveNs = path.exclusiveNs;
  }
}

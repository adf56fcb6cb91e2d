import type { SpanTable } from '@flyball/tracing';

/** Adds up spans of one body that share a decision. */
export class SpanSum {
  spans = 0;
  private bytes = 0;
  private roots = 0;
  private first = -1;

  add(table: SpanTable, span: number): void {
    if (this.first < 0) this.first = span;
    this.spans += 1;
    this.bytes += table.bytes(span);
    if (table.isRoot(span)) this.roots += 1;
  }

  /** What the ledger wants to know; a trace counts where its root is. */
  of(table: SpanTable): { spans: number; traces: number; bytes: number; example: string } {
    const example = this.first < 0 ? '' : table.traceId(this.first);
    return { spans: this.spans, traces: this.roots, bytes: this.bytes, example };
  }
}

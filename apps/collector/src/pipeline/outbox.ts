/** Where rows go: the spool, in the collector. */
export interface RowWriter {
  /** @throws when the rows could not be written; none of them were then */
  append(table: string, rows: number, payload: Uint8Array, nowMs: number): void;
}

/**
 * Rows on their way to the spool, gathered into one write per table. What the disk refuses stays
 * here and goes out with the next flush: a decision is never taken back.
 */
export class Outbox {
  /** Rows that wait, in all tables. */
  waiting = 0;
  private readonly lines = new Map<string, string[]>();
  private readonly writer: RowWriter;

  constructor(writer: RowWriter) {
    this.writer = writer;
  }

  add(table: string, row: object): void {
    const lines = this.lines.get(table);
    const line = JSON.stringify(row);
    if (lines === undefined) this.lines.set(table, [line]);
    else lines.push(line);
    this.waiting += 1;
  }

  /** Writes everything; false when the disk refused and rows still wait. */
  flush(nowMs: number): boolean {
    for (const [table, lines] of this.lines) {
      if (lines.length === 0) continue;
      try {
        this.writer.append(table, lines.length, encodeLines(lines), nowMs);
      } catch {
        return false;
      }
      this.waiting -= lines.length;
      this.lines.set(table, []);
    }
    return true;
  }
}

/** JSONEachRow. */
export function encodeLines(lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join('\n')}\n`);
}

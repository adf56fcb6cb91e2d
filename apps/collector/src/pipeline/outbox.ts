/** Where rows go: the spool, in the collector. */
export interface RowWriter {
  /** @throws when the rows could not be written; none of them were then */
  append(table: string, rows: number, payload: Uint8Array, nowMs: number): void;
}

/** Rows that are text already: whole lines of JSONEachRow, each ended by a newline. */
export interface RowBuffer {
  readonly rows: number;
  readonly bytes: Uint8Array;
  clear(): void;
}

/**
 * Rows on their way to the spool, gathered into one write per table. What the disk refuses stays
 * here and goes out with the next flush: a decision is never taken back.
 */
export class Outbox {
  private readonly buffers = new Map<string, RowBuffer>();
  private unwritten = 0;
  private readonly lines = new Map<string, string[]>();
  private readonly writer: RowWriter;

  constructor(writer: RowWriter) {
    this.writer = writer;
  }

  /** Rows that wait, in all tables. */
  get waiting(): number {
    let rows = this.unwritten;
    for (const buffer of this.buffers.values()) rows += buffer.rows;
    return rows;
  }

  /** From now on each flush also writes what `buffer` holds, as it is, and empties it. */
  attach(table: string, buffer: RowBuffer): void {
    this.buffers.set(table, buffer);
  }

  add(table: string, row: object): void {
    const lines = this.lines.get(table);
    const line = JSON.stringify(row);
    if (lines === undefined) this.lines.set(table, [line]);
    else lines.push(line);
    this.unwritten += 1;
  }

  /** Writes everything; false when the disk refused and rows still wait. */
  flush(nowMs: number): boolean {
    return this.flushBuffers(nowMs) && this.flushLines(nowMs);
  }

  private flushBuffers(nowMs: number): boolean {
    for (const [table, buffer] of this.buffers) {
      if (buffer.rows === 0) continue;
      try {
        this.writer.append(table, buffer.rows, buffer.bytes, nowMs);
      } catch {
        return false;
      }
      buffer.clear();
    }
    return true;
  }

  private flushLines(nowMs: number): boolean {
    for (const [table, lines] of this.lines) {
      if (lines.length === 0) continue;
      let written = 0;
      try {
        for (const { rows, payload } of payloadsOf(lines)) {
          this.writer.append(table, rows, payload, nowMs);
          written += rows;
        }
      } catch {
        return false;
      } finally {
        this.unwritten -= written;
        this.lines.set(table, lines.slice(written));
      }
    }
    return true;
  }
}

/**
 * Characters or bytes of one payload, unless one line is longer. A block of the spool is sent
 * whole, so no payload may be much larger than a block; and no text in Node may reach 512 Mi
 * characters.
 */
export const PAYLOAD_LENGTH = 4 * 1024 * 1024;

export interface Payload {
  readonly rows: number;
  readonly payload: Uint8Array;
}

/** JSONEachRow, in pieces that can be written one by one. */
export function* payloadsOf(lines: Iterable<string>): Generator<Payload> {
  let piece: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (piece.length > 0 && length + line.length > PAYLOAD_LENGTH) {
      yield payloadOf(piece);
      piece = [];
      length = 0;
    }
    piece.push(line);
    length += line.length + 1;
  }
  if (piece.length > 0) yield payloadOf(piece);
}

function payloadOf(lines: readonly string[]): Payload {
  return { rows: lines.length, payload: Buffer.from(`${lines.join('\n')}\n`) };
}

import { BlockRefused, type Sink, type SinkBlock } from './sink.port.ts';

/** A store in memory that deduplicates by token and can be away, slow or picky. */
export class FakeSink implements Sink {
  readonly rows = new Map<string, unknown[]>();
  readonly tokens = new Set<string>();
  attempts = 0;
  away = false;
  /** Stores the next blocks, and then fails to say so. */
  loseAnswers = 0;
  refuseTable: string | undefined;
  /** Blocks that contain this are refused. */
  refuseText: string | undefined;
  /** Inserts into this table fail, as by a lock or a full disk of its own. */
  failTable: string | undefined;
  /** While set, inserts wait for it; those into `gateTable` only, where that is set. */
  gate: Promise<void> | undefined;
  gateTable: string | undefined;

  async insert(block: SinkBlock): Promise<void> {
    this.attempts += 1;
    if (this.gateTable === undefined || this.gateTable === block.table) await this.gate;
    if (this.away) throw new Error('connect ECONNREFUSED');
    if (block.table === this.failTable) throw new Error('table is locked');
    const refuses = this.refuseText !== undefined && textOf(block).includes(this.refuseText);
    if (refuses || block.table === this.refuseTable) throw new BlockRefused('no such column');
    if (!this.tokens.has(block.token)) {
      this.tokens.add(block.token);
      const rows = textOf(block)
        .split('\n')
        .filter((line) => line !== '');
      const known = this.rows.get(block.table) ?? [];
      this.rows.set(block.table, [...known, ...rows.map((line) => JSON.parse(line))]);
    }
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      throw new Error('socket hang up');
    }
  }

  async ping(): Promise<void> {
    if (this.away) throw new Error('connect ECONNREFUSED');
  }

  async close(): Promise<void> {}
}

function textOf({ parts }: SinkBlock): string {
  return Buffer.concat(parts).toString();
}

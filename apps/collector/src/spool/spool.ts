import type { SpoolFiles } from './files.port.ts';
import { readRecords, recordHeader, type SegmentContent } from './record.ts';

/**
 * The crash-safe queue between decisions and ClickHouse.
 *
 * A segment file holds rows of one table and becomes one INSERT. Its name is the block's
 * deduplication token: a segment is only written before it is sealed and only sent afterwards, so
 * the same name always means the same rows, whatever died in between. While the store keeps up, a
 * segment is sealed after `blockAgeMs`; while blocks wait it grows to `blockBytes`, so a backlog
 * turns into fewer and larger inserts by itself. A record larger than that is a block of its own:
 * should the store refuse it, no other row goes with it.
 */
export interface SpoolOptions {
  readonly maxBytes: number;
  readonly blockBytes: number;
  readonly blockAgeMs: number;
  /** Makes the names of this run unlike those of any other: `<epoch ms>-<random>`. */
  readonly run: string;
  /** Whether a segment is forced to the disk before it is closed. */
  readonly syncOnSeal: boolean;
}

export interface SpoolBlock {
  /** Deduplication token and file name. */
  readonly name: string;
  readonly table: string;
  readonly bytes: number;
  /** When its oldest row was written, epoch ms; for blocks of an earlier run, when that began. */
  readonly sinceMs: number;
}

interface OpenSegment {
  readonly name: string;
  readonly fd: number;
  readonly sinceMs: number;
  bytes: number;
  dirty: boolean;
  /** The last forced write; the file is closed after it. */
  synced: Promise<void>;
}

/** How often the disk is tried after it refused a write. */
const PROBE_EVERY_MS = 1000;
const PROBE = new Uint8Array(4096);

/** More refused blocks of a table than this are a fault of the table: the next ones may grow. */
const MAX_OVERTAKEN = 4;

const NAME = /^(\d{13})-[0-9a-z]+-\d{9}\.([a-z0-9_]+)\.jsonl$/;

export class Spool {
  /** Bytes on disk, sealed or not, and not yet removed. */
  bytes = 0;
  /** The disk's last refusal, until a write succeeds again. */
  fault: string | undefined;
  /** Blocks found at the start, left by an earlier run. */
  readonly replayed: number;
  private readonly open = new Map<string, OpenSegment>();
  private readonly sealed = new Map<string, SpoolBlock[]>();
  /** Blocks that the store refused when they were last tried. */
  private readonly balking = new Set<string>();
  private readonly closing = new Set<Promise<void>>();
  private counter = 0;
  private probedMs = 0;
  private readonly files: SpoolFiles;
  private readonly options: SpoolOptions;

  constructor(files: SpoolFiles, options: SpoolOptions) {
    this.files = files;
    this.options = options;
    const left = files
      .list()
      .flatMap(({ name, bytes }) => {
        const parts = NAME.exec(name);
        return parts === null
          ? []
          : [{ name, bytes, table: parts[2] as string, sinceMs: Number(parts[1]) }];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const block of left) this.queue(block);
    this.replayed = left.length;
    this.bytes = left.reduce((sum, block) => sum + block.bytes, 0);
  }

  /** True when no more data may be taken in. */
  get full(): boolean {
    return this.bytes >= this.options.maxBytes || this.fault !== undefined;
  }

  /**
   * Writes rows of a table: when this returns they survive the death of this process.
   *
   * @param payload whole lines in JSONEachRow, ended by a newline
   * @throws the file system's error; nothing of the record is left behind then
   */
  append(table: string, rows: number, payload: Uint8Array, nowMs: number): void {
    const header = recordHeader(rows, payload);
    const written = header.length + payload.length;
    if ((this.open.get(table)?.bytes ?? 0) + written > this.options.blockBytes) this.seal(table);
    const segment = this.open.get(table) ?? this.start(table, nowMs);
    try {
      this.files.append(segment.fd, [header, payload]);
    } catch (error) {
      this.fault = (error as Error).message;
      this.files.truncate(segment.fd, segment.bytes);
      throw error;
    }
    this.fault = undefined;
    segment.bytes += written;
    segment.dirty = true;
    this.bytes += written;
    if (segment.bytes >= this.options.blockBytes) this.seal(table);
  }

  /** Seals what has waited long enough while nothing of the same table waits to be sent. */
  tick(nowMs: number): void {
    if (this.fault !== undefined && nowMs - this.probedMs >= PROBE_EVERY_MS) {
      this.probedMs = nowMs;
      this.probe();
    }
    for (const [table, segment] of this.open) {
      if (nowMs - segment.sinceMs < this.options.blockAgeMs) continue;
      if (!this.held(table)) this.seal(table);
    }
  }

  /** Whether blocks of a table wait to be sent; a few that are refused hold up no others. */
  private held(table: string): boolean {
    const waiting = this.sealed.get(table) ?? [];
    return waiting.length > MAX_OVERTAKEN || waiting.some(({ name }) => !this.balking.has(name));
  }

  sealAll(): void {
    for (const table of [...this.open.keys()]) this.seal(table);
  }

  /**
   * The oldest sealed block that `may` be sent now; the caller ends it with `done`, `putBack` or
   * `refuse`.
   */
  take(may: (block: SpoolBlock) => boolean = () => true): SpoolBlock | undefined {
    let oldest: SpoolBlock | undefined;
    for (const queue of this.sealed.values()) {
      const first = queue.find(may);
      if (first !== undefined && (oldest === undefined || first.name < oldest.name)) oldest = first;
    }
    if (oldest === undefined) return undefined;
    const queue = this.sealed.get(oldest.table) ?? [];
    queue.splice(queue.indexOf(oldest), 1);
    return oldest;
  }

  async read(block: SpoolBlock): Promise<SegmentContent> {
    return readRecords(await this.files.read(block.name));
  }

  /** The block is in the store. */
  done(block: SpoolBlock): void {
    this.files.remove(block.name);
    this.balking.delete(block.name);
    this.bytes -= block.bytes;
  }

  /** The store was away, or `refused` the block for now: it is the next one again. */
  putBack(block: SpoolBlock, refused = false): void {
    if (refused) this.balking.add(block.name);
    else this.balking.delete(block.name);
    const waiting = [block, ...(this.sealed.get(block.table) ?? [])];
    this.sealed.set(
      block.table,
      waiting.sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  /**
   * The store does not take this block: it is kept aside with the reason, for a person.
   *
   * @returns how many older ones were removed to make room
   */
  refuse(block: SpoolBlock, reason: string): number {
    const gaveWay = this.files.setAside(block.name, reason);
    this.balking.delete(block.name);
    this.bytes -= block.bytes;
    return gaveWay;
  }

  /** Blocks kept aside, of earlier runs too. */
  refused(): number {
    return this.files.aside().filter((name) => NAME.test(name)).length;
  }

  /** Blocks that wait to be sent, and how long the oldest row on disk has waited. */
  backlog(nowMs: number): { blocks: number; oldestMs: number } {
    let blocks = 0;
    let since = nowMs;
    for (const queue of this.sealed.values()) {
      blocks += queue.length;
      for (const block of queue) since = Math.min(since, block.sinceMs);
    }
    for (const segment of this.open.values()) since = Math.min(since, segment.sinceMs);
    return { blocks, oldestMs: nowMs - since };
  }

  /** Forces what was written to the disk itself, against the loss of the machine's power. */
  async sync(): Promise<void> {
    const open = [...this.open.values()];
    await Promise.all([...open.map((segment) => this.force(segment)), ...this.closing]);
  }

  /** Nothing is taken in after a refusal, so nothing else would notice that the disk is well. */
  private probe(): void {
    this.counter += 1;
    const name = `${this.options.run}-${this.counter}.probe`;
    try {
      const fd = this.files.create(name);
      try {
        this.files.append(fd, [PROBE]);
      } finally {
        this.files.close(fd);
        this.files.remove(name);
      }
      this.fault = undefined;
    } catch (error) {
      this.fault = (error as Error).message;
    }
  }

  private force(segment: OpenSegment): Promise<void> {
    if (segment.dirty) {
      segment.dirty = false;
      segment.synced = segment.synced.then(() => this.files.sync(segment.fd));
    }
    return segment.synced;
  }

  private start(table: string, nowMs: number): OpenSegment {
    this.counter += 1;
    const name = `${this.options.run}-${String(this.counter).padStart(9, '0')}.${table}.jsonl`;
    let fd: number;
    try {
      fd = this.files.create(name);
    } catch (error) {
      this.fault = (error as Error).message;
      throw error;
    }
    const synced = Promise.resolve();
    const segment = { name, fd, sinceMs: nowMs, bytes: 0, dirty: false, synced };
    this.open.set(table, segment);
    return segment;
  }

  private seal(table: string): void {
    const segment = this.open.get(table);
    if (segment === undefined) return;
    this.open.delete(table);
    this.close(segment);
    const { name, bytes, sinceMs } = segment;
    if (bytes === 0) this.files.remove(name);
    else this.queue({ name, table, bytes, sinceMs });
  }

  private close(segment: OpenSegment): void {
    const last = this.options.syncOnSeal ? this.force(segment) : segment.synced;
    const closed = last
      .catch((error: Error) => {
        this.fault = error.message;
      })
      .then(() => this.files.close(segment.fd));
    this.closing.add(closed);
    void closed.finally(() => this.closing.delete(closed));
  }

  private queue(block: SpoolBlock): void {
    const queue = this.sealed.get(block.table);
    if (queue === undefined) this.sealed.set(block.table, [block]);
    else queue.push(block);
  }
}

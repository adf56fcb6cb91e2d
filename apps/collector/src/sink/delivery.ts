import { isFarLane, tableOfLane } from '../spool/lanes.ts';
import type { Spool, SpoolBlock } from '../spool/spool.ts';
import { piecesOf } from './pieces.ts';
import { BlockRefused, type Sink } from './sink.port.ts';

export interface DeliveryOptions {
  /** Inserts at once. */
  readonly parallel: number;
  readonly insertTimeoutMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** A block that the store refuses is put aside after so many tries … */
  readonly refusalsPerBlock: number;
  /** … over so long a time: a schema that lags behind in an upgrade catches up meanwhile. */
  readonly refusedForMs: number;
}

export const DELIVERY_DEFAULTS: DeliveryOptions = {
  parallel: 2,
  insertTimeoutMs: 30_000,
  backoffMinMs: 100,
  backoffMaxMs: 10_000,
  refusalsPerBlock: 3,
  refusedForMs: 10 * 60_000,
};

export interface DeliveryEvents {
  stored(block: SpoolBlock, rows: number, tookMs: number): void;
  failed(block: SpoolBlock, error: Error, retryInMs: number, tookMs: number): void;
  /** @param gaveWay older blocks, put aside before, that were removed to make room */
  refused(block: SpoolBlock, error: Error, gaveWay: number): void;
  damaged(block: SpoolBlock, lostBytes: number): void;
}

/** Refusals of one block, or of one table since it last took one. */
interface Refusals {
  count: number;
  readonly sinceMs: number;
}

/** How it goes with one table. */
interface Lane {
  /** Attempts that failed since one last succeeded. */
  failures: number;
  notBeforeMs: number;
  sending: number;
  refusals: Refusals | undefined;
}

/**
 * Moves blocks from the spool to the store, at least once, under tokens that make it once.
 *
 * Each table waits for itself: an attempt that fails doubles its wait, up to `backoffMaxMs`, and
 * until one succeeds again its blocks are tried one at a time. So a table in trouble takes at most
 * one of the inserts at once, and the others go on.
 *
 * A block that the store refuses waits for itself too, and other blocks of its table overtake it.
 * Nothing is ever given up but blocks that are refused for `refusedForMs`, or whose whole table is.
 */
export class Delivery {
  /** Attempts that failed since one last succeeded, of any table. */
  failures = 0;
  lastError: string | undefined;
  /** Moving average of bytes stored a second, for honest retry times. */
  drainBytesPerSecond = 0;
  private readonly inFlight = new Set<Promise<void>>();
  private farInFlight = 0;
  /** Pieces stored of blocks that go piece by piece. */
  private readonly pieces = new Map<string, number>();
  private readonly refusals = new Map<string, Refusals & { notBeforeMs: number }>();
  private readonly lanes = new Map<string, Lane>();
  private readonly spool: Spool;
  private readonly sink: Sink;
  private readonly options: DeliveryOptions;
  private readonly events: DeliveryEvents;
  private readonly now: () => number;

  constructor(
    spool: Spool,
    sink: Sink,
    options: DeliveryOptions,
    events: DeliveryEvents,
    now: () => number,
  ) {
    this.spool = spool;
    this.sink = sink;
    this.options = options;
    this.events = events;
    this.now = now;
  }

  get sending(): number {
    return this.inFlight.size;
  }

  /** Attempts that failed since one last succeeded, of the tables that are in trouble. */
  failuresByTable(): [table: string, failures: number][] {
    const lanes = [...this.lanes].map(([table, { failures }]): [string, number] => [
      table,
      failures,
    ]);
    return lanes.filter(([, failures]) => failures > 0);
  }

  /** Starts what may be started now; call it often, it never waits. */
  tick(): void {
    const nowMs = this.now();
    while (this.inFlight.size - this.farInFlight < this.options.parallel) {
      const block = this.spool.take((it) => !isFarLane(it.table) && this.open(it, nowMs));
      if (block === undefined) break;
      this.start(block);
    }
    // Rows of far days take long and never the place of others.
    if (this.farInFlight > 0) return;
    const far = this.spool.take((it) => isFarLane(it.table) && this.open(it, nowMs));
    if (far !== undefined) this.start(far);
  }

  private start(block: SpoolBlock): void {
    const far = Number(isFarLane(block.table));
    this.laneOf(block.table).sending += 1;
    this.farInFlight += far;
    const sending = this.send(block);
    this.inFlight.add(sending);
    void sending.finally(() => {
      this.inFlight.delete(sending);
      this.farInFlight -= far;
    });
  }

  private open({ name, table }: SpoolBlock, nowMs: number): boolean {
    const { failures, notBeforeMs, sending } = this.laneOf(table);
    if (nowMs < notBeforeMs || (failures > 0 && sending > 0)) return false;
    return nowMs >= (this.refusals.get(name)?.notBeforeMs ?? 0);
  }

  private laneOf(table: string): Lane {
    const known = this.lanes.get(table);
    if (known !== undefined) return known;
    const lane = { failures: 0, notBeforeMs: 0, sending: 0, refusals: undefined };
    this.lanes.set(table, lane);
    return lane;
  }

  /** Resolves when what is being sent has ended, well or badly. */
  async settled(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  private async send(block: SpoolBlock): Promise<void> {
    const startedMs = this.now();
    try {
      const { records, rows, lostBytes } = await this.spool.read(block);
      if (lostBytes > 0) this.events.damaged(block, lostBytes);
      if (records.length > 0) {
        const parts = records.map((record) => record.payload);
        if (isFarLane(block.table)) await this.insertPieces(block, parts);
        else await this.insert(block.name, block.table, parts);
      }
      this.succeeded(block, rows, this.now() - startedMs);
    } catch (error) {
      this.fail(block, error as Error, this.now() - startedMs);
    } finally {
      this.laneOf(block.table).sending -= 1;
    }
  }

  private insert(token: string, table: string, parts: readonly Uint8Array[]): Promise<void> {
    const signal = AbortSignal.timeout(this.options.insertTimeoutMs);
    return this.sink.insert({ token, table, parts }, signal);
  }

  /** A few days at a time; another try goes on where the last one ended. */
  private async insertPieces(block: SpoolBlock, parts: readonly Uint8Array[]): Promise<void> {
    const table = tableOfLane(block.table);
    const pieces = piecesOf(parts);
    const stored = this.pieces.get(block.name) ?? 0;
    for (const [at, piece] of pieces.entries()) {
      if (at < stored) continue;
      await this.insert(`${block.name}-${at}`, table, [piece]);
      this.pieces.set(block.name, at + 1);
    }
  }

  private succeeded(block: SpoolBlock, rows: number, tookMs: number): void {
    this.spool.done(block);
    this.refusals.delete(block.name);
    this.pieces.delete(block.name);
    const lane = this.laneOf(block.table);
    lane.failures = 0;
    lane.notBeforeMs = 0;
    lane.refusals = undefined;
    this.failures = 0;
    this.lastError = undefined;
    // Far days say nothing about how fast the rest goes.
    if (!isFarLane(block.table)) this.noteRate((block.bytes * 1000) / Math.max(1, tookMs));
    this.events.stored(block, rows, tookMs);
  }

  private noteRate(rate: number): void {
    this.drainBytesPerSecond =
      this.drainBytesPerSecond === 0 ? rate : 0.8 * this.drainBytesPerSecond + 0.2 * rate;
  }

  private fail(block: SpoolBlock, error: Error, tookMs: number): void {
    this.lastError = error.message;
    if (error instanceof BlockRefused && this.putAside(block, error)) return;
    const lane = this.laneOf(block.table);
    lane.failures += 1;
    this.failures += 1;
    const waitMs = this.backoffMs(lane.failures);
    lane.notBeforeMs = this.now() + waitMs;
    this.spool.putBack(block, error instanceof BlockRefused);
    this.events.failed(block, error, waitMs, tookMs);
  }

  private backoffMs(failures: number): number {
    const { backoffMinMs, backoffMaxMs } = this.options;
    return Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(20, failures - 1));
  }

  /** True when the block was refused for long enough and is out of the way. */
  private putAside(block: SpoolBlock, error: BlockRefused): boolean {
    const nowMs = this.now();
    const own = this.refusals.get(block.name) ?? { count: 0, sinceMs: nowMs, notBeforeMs: 0 };
    this.refusals.set(block.name, own);
    const lane = this.laneOf(block.table);
    lane.refusals ??= { count: 0, sinceMs: nowMs };
    for (const refusals of [own, lane.refusals]) refusals.count += 1;
    // Longer than its table waits, so that the next one is another block.
    own.notBeforeMs = nowMs + 2 * this.backoffMs(own.count);
    if (![own, lane.refusals].some((refusals) => this.persists(refusals, nowMs))) return false;
    let gaveWay: number;
    try {
      gaveWay = this.spool.refuse(block, error.message);
    } catch (fault) {
      this.lastError = `the block cannot be put aside: ${(fault as Error).message}`;
      return false;
    }
    this.refusals.delete(block.name);
    this.pieces.delete(block.name);
    this.events.refused(block, error, gaveWay);
    return true;
  }

  private persists({ count, sinceMs }: Refusals, nowMs: number): boolean {
    const { refusalsPerBlock, refusedForMs } = this.options;
    return count >= refusalsPerBlock && nowMs - sinceMs >= refusedForMs;
  }
}

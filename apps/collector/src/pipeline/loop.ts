import type { LookBack } from '../ring/look-back.ts';
import type { Delivery } from '../sink/delivery.ts';
import type { Spool } from '../spool/spool.ts';
import type { Outbox } from './outbox.ts';
import type { Overload } from './overload.ts';
import type { TracePipeline } from './traces.ts';

export interface LoopParts {
  readonly traces: TracePipeline;
  readonly outbox: Outbox;
  readonly spool: Spool;
  readonly delivery: Delivery;
  readonly overload: Overload;
  /** Brings dropped traces back. */
  readonly lookBack?: Pick<LookBack, 'step'>;
  /** Whether the store is ready for rows. */
  readonly deliverable: () => boolean;
  /** Once a second, and after each flush of the aggregates. */
  readonly everySecond: (nowMs: number) => void;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Monotonic clock for how long a step takes, ms. */
  readonly elapsed: () => number;
}

/** The longest that deciding may hold the event loop at once. */
const STEP_BUDGET_MS = 10;
/** The same while more is due than one step can decide, so that receiving cannot outrun it. */
const BUSY_BUDGET_MS = 20;
/** A step that comes no later than this after the one before is in time. */
const STEP_GAP_MS = 50;
/** How often increments of RED, edges and paths are written. */
const DRAIN_EVERY_MS = 2000;

/** Everything that happens with time and not with a request, in one order. */
export class Loop {
  private drainedMs = 0;
  private secondMs = 0;
  private busy = false;
  private endedMs: number | undefined;
  private readonly parts: LoopParts;

  constructor(parts: LoopParts) {
    this.parts = parts;
  }

  /** One step; true when another one should follow at once. */
  step(): boolean {
    const { traces, outbox, spool, delivery, deliverable, now, elapsed } = this.parts;
    const nowMs = now();
    this.lookAtLoad(nowMs);
    // Rows the disk refused come first: nothing more is decided until they are written.
    const budgetMs = this.busy ? BUSY_BUDGET_MS : STEP_BUDGET_MS;
    this.busy = false;
    if (outbox.flush(nowMs)) {
      const startedMs = elapsed();
      // While the spool is full traces wait in the window, whose bounds hold: senders are told to.
      if (!spool.full) this.busy = traces.step(nowMs, () => elapsed() - startedMs >= budgetMs);
      if (!spool.full && !this.busy) this.stepLookBack(nowMs);
      if (nowMs - this.drainedMs >= DRAIN_EVERY_MS) {
        this.drainedMs = nowMs;
        traces.drain();
      }
      outbox.flush(nowMs);
    }
    spool.tick(nowMs);
    if (deliverable()) delivery.tick();
    if (nowMs - this.secondMs >= 1000) {
      this.secondMs = nowMs;
      this.parts.everySecond(nowMs);
    }
    this.endedMs = elapsed();
    return this.busy;
  }

  /** Only while nothing else is due: what it brings was missed for a while already. */
  private stepLookBack(nowMs: number): void {
    const { lookBack, elapsed } = this.parts;
    const startedMs = elapsed();
    lookBack?.step(nowMs, () => elapsed() - startedMs >= STEP_BUDGET_MS);
  }

  private lookAtLoad(nowMs: number): void {
    const { traces, overload, elapsed } = this.parts;
    const gapMs = this.endedMs === undefined ? 0 : elapsed() - this.endedMs;
    overload.tick(nowMs, Math.max(0, gapMs - STEP_GAP_MS));
    traces.oneIn = overload.oneIn;
  }

  /** Decides all that waits, writes the last increments, and seals every block. */
  finish(deadline: () => boolean): { decided: boolean; written: boolean } {
    const { traces, outbox, spool, now, elapsed } = this.parts;
    traces.window.shutdown();
    let more = true;
    while (more && !deadline()) {
      // In slices: the rows of a whole window at once would not fit into memory.
      const startedMs = elapsed();
      more = traces.step(now(), () => deadline() || elapsed() - startedMs >= STEP_BUDGET_MS);
      if (!outbox.flush(now())) break;
    }
    traces.drain();
    const written = outbox.flush(now());
    spool.sealAll();
    return { decided: !more, written };
  }
}

import type { Signal } from '@flyball/tracing';
import type { BodyEncoding, Busy, Intake, Outcome } from '../receive/intake.ts';
import type { Spool } from '../spool/spool.ts';
import type { Outbox } from './outbox.ts';
import { diskFault, type PointPipeline } from './points.ts';
import type { TracePipeline } from './traces.ts';

export interface IntakeParts {
  readonly traces: TracePipeline;
  readonly points: PointPipeline;
  readonly spool: Spool;
  readonly outbox: Outbox;
  readonly maxSpoolBytes: number;
  readonly maxWindowBytes: () => number;
  /** Metrics and logs are acknowledged only when they are on the disk itself. */
  readonly syncBeforeAnswer: boolean;
  readonly drainBytesPerSecond: () => number;
  readonly now: () => number;
}

const STOPPING: Busy = {
  kind: 'stopping',
  message: 'the collector is stopping; send again',
  retryAfterMs: 1000,
};

const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** When a tenth of a full spool will be free again at the present rate. */
export function retryAfterMs(spoolBytes: number, maxBytes: number, bytesPerSecond: number): number {
  const tooMuch = spoolBytes - 0.9 * maxBytes;
  const waitMs = bytesPerSecond > 0 ? (1000 * tooMuch) / bytesPerSecond : MAX_RETRY_MS;
  return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, waitMs)));
}

/** The door between receivers and pipeline: what is full or stopping says so here. */
export class PipelineIntake implements Intake {
  stopping = false;
  private readonly parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  busy(): Busy | undefined {
    if (this.stopping) return STOPPING;
    const { traces, spool, outbox, maxSpoolBytes, maxWindowBytes, now } = this.parts;
    if (spool.fault !== undefined || outbox.waiting > MAX_UNWRITTEN_ROWS) {
      return diskFault(spool.fault ?? 'rows wait for the disk');
    }
    const waiting = traces.window.stats(now()).bytes;
    if (waiting > WINDOW_SLACK * maxWindowBytes()) {
      return {
        kind: 'busy',
        message: 'more traces wait than the window holds',
        retryAfterMs: 1000,
      };
    }
    if (!spool.full) return undefined;
    return {
      kind: 'busy',
      message: `the spool is full: ${spool.bytes} bytes wait for ClickHouse`,
      retryAfterMs: retryAfterMs(spool.bytes, maxSpoolBytes, this.parts.drainBytesPerSecond()),
    };
  }

  async take(signal: Signal, encoding: BodyEncoding, body: Uint8Array): Promise<Outcome> {
    const busy = this.busy();
    if (busy !== undefined) return busy;
    const { traces, points, spool, syncBeforeAnswer, now } = this.parts;
    if (signal === 'traces') return traces.receive(encoding, body, now());
    const outcome = points.receive(signal, encoding, body, now());
    if (syncBeforeAnswer && outcome.kind === 'accepted') {
      try {
        await spool.sync();
      } catch (error) {
        return diskFault((error as Error).message);
      }
    }
    return outcome;
  }
}

/**
 * The window decides what exceeds its bound, but between two steps; when senders are faster than
 * decisions, they are asked to wait.
 */
const WINDOW_SLACK = 1.25;

/** Rows that may wait for a disk that was slow or full for a moment. */
const MAX_UNWRITTEN_ROWS = 100_000;

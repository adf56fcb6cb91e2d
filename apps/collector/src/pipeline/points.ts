import {
  decodeLogs,
  decodeLogsJson,
  decodeMetrics,
  decodeMetricsJson,
  type OtlpFault,
  type Rejected,
} from '@flyball/tracing';
import type { BodyEncoding, Busy, Outcome } from '../receive/intake.ts';
import { farLane } from '../spool/lanes.ts';
import { FarDays } from './far-days.ts';
import { type Payload, payloadsOf, type RowWriter } from './outbox.ts';
import type { Tally } from './tally.ts';
import { decodeText } from './text.ts';

type Rows = Readonly<Record<string, readonly object[]>>;

type Decoded =
  | { readonly ok: true; readonly rows: Rows; readonly count: number; readonly rejected: Rejected }
  | { readonly ok: false; readonly fault: Pick<OtlpFault, 'message' | 'tooLarge'> };

/** Metrics and logs have no window: they are in the spool before they are acknowledged. */
export class PointPipeline {
  private readonly writer: RowWriter;
  private readonly tally: Tally;
  private readonly days: FarDays;

  constructor(writer: RowWriter, tally: Tally, days = new FarDays()) {
    this.writer = writer;
    this.days = days;
    this.tally = tally;
  }

  receive(
    signal: 'metrics' | 'logs',
    encoding: BodyEncoding,
    body: Uint8Array,
    nowMs: number,
  ): Outcome {
    const decoded = signal === 'metrics' ? metrics(encoding, body) : logs(encoding, body);
    if (!decoded.ok) {
      this.tally.faults.add({ signal });
      return refusal(decoded.fault);
    }
    const payloads = encode(byLane(decoded.rows, this.days, nowMs));
    if (payloads === undefined) {
      this.tally.faults.add({ signal });
      return { kind: 'too_large', message: UNFOLDS };
    }
    for (const { table, rows, payload } of payloads) {
      try {
        this.writer.append(table, rows, payload, nowMs);
      } catch (error) {
        return diskFault((error as Error).message);
      }
    }
    const { count, rejected } = decoded;
    this.tally.received.add({ signal }, count);
    if (rejected.count > 0) this.tally.rejected.add({ signal }, rejected.count);
    return { kind: 'accepted', rejected };
  }
}

/**
 * Rows of one request, as text. Each repeats the attributes of its resource: a body of half a
 * megabyte can unfold to gigabytes.
 */
const MAX_ROWS_BYTES = 256 * 1024 * 1024;
const UNFOLDS =
  `the request unfolds to more than ${MAX_ROWS_BYTES} bytes of rows, because each repeats the ` +
  'attributes of its resource; send smaller batches';

/** All rows in the spool's form, or undefined when they are too much for one request. */
function encode(tables: Rows): (Payload & { readonly table: string })[] | undefined {
  const payloads: (Payload & { readonly table: string })[] = [];
  let bytes = 0;
  for (const [table, rows] of Object.entries(tables)) {
    for (const piece of payloadsOf(linesOf(rows))) {
      bytes += piece.payload.length;
      if (bytes > MAX_ROWS_BYTES) return undefined;
      payloads.push({ table, ...piece });
    }
  }
  return payloads;
}

/** Rows of days far away by themselves. */
function byLane(tables: Rows, days: FarDays, nowMs: number): Rows {
  const lanes: Record<string, object[]> = {};
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows as readonly PointRow[]) {
      const seconds = Number.parseInt(row.TimeUnix ?? row.Timestamp ?? '', 10);
      const far = days.isFar(Math.floor(seconds / DAY_S), nowMs);
      if (far) days.note(row.ServiceName ?? '', nowMs);
      const lane = far ? farLane(table) : table;
      const before = lanes[lane];
      if (before === undefined) lanes[lane] = [row];
      else before.push(row);
    }
  }
  return lanes;
}

const DAY_S = 86_400;

interface PointRow {
  /** The time of a metric's row, and that of a log's: seconds since 1970 and a fraction. */
  readonly TimeUnix?: string;
  readonly Timestamp?: string;
  readonly ServiceName?: string;
}

function* linesOf(rows: readonly object[]): Generator<string> {
  for (const row of rows) yield JSON.stringify(row);
}

/** What a sender is told whose body cannot be taken. */
export function refusal({ message, tooLarge }: Pick<OtlpFault, 'message' | 'tooLarge'>): Outcome {
  return { kind: tooLarge === true ? 'too_large' : 'invalid', message };
}

const NOT_UTF8: Decoded = { ok: false, fault: { message: 'the body is not UTF-8 text' } };

function metrics(encoding: BodyEncoding, body: Uint8Array): Decoded {
  const text = encoding === 'json' ? decodeText(body) : '';
  if (text === undefined) return NOT_UTF8;
  const result = encoding === 'json' ? decodeMetricsJson(text) : decodeMetrics(body);
  return result.ok ? { ...result, count: result.points } : result;
}

function logs(encoding: BodyEncoding, body: Uint8Array): Decoded {
  const text = encoding === 'json' ? decodeText(body) : '';
  if (text === undefined) return NOT_UTF8;
  const result = encoding === 'json' ? decodeLogsJson(text) : decodeLogs(body);
  if (!result.ok) return result;
  return { ...result, rows: { otel_logs: result.rows }, count: result.rows.length };
}

/** The disk does not take rows: the sender keeps its data and comes back. */
export function diskFault(message: string): Busy {
  return { kind: 'busy', message: `the spool cannot be written: ${message}`, retryAfterMs: 5000 };
}

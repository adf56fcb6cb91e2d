import {
  decodeLogs,
  decodeLogsJson,
  decodeMetrics,
  decodeMetricsJson,
  type OtlpFault,
  type Rejected,
} from '@flyball/tracing';
import type { BodyEncoding, Busy, Outcome } from '../receive/intake.ts';
import { encodeLines, type RowWriter } from './outbox.ts';
import type { Tally } from './tally.ts';
import { decodeText } from './text.ts';

type Rows = Readonly<Record<string, readonly object[]>>;

type Decoded =
  | { readonly ok: true; readonly rows: Rows; readonly count: number; readonly rejected: Rejected }
  | { readonly ok: false; readonly fault: Pick<OtlpFault, 'message'> };

/** Metrics and logs have no window: they are in the spool before they are acknowledged. */
export class PointPipeline {
  private readonly writer: RowWriter;
  private readonly tally: Tally;

  constructor(writer: RowWriter, tally: Tally) {
    this.writer = writer;
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
      return { kind: 'invalid', message: decoded.fault.message };
    }
    for (const [table, rows] of Object.entries(decoded.rows)) {
      if (rows.length === 0) continue;
      const payload = encodeLines(rows.map((row) => JSON.stringify(row)));
      try {
        this.writer.append(table, rows.length, payload, nowMs);
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

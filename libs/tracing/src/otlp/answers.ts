import type { Rejected } from './rejections.ts';
import { WireWriter } from './write.ts';

export type Signal = 'traces' | 'metrics' | 'logs';

/**
 * Export…ServiceResponse in protobuf; the same message for the three signals. `partial_success`
 * stays unset when nothing was rejected and there is no warning.
 */
export function encodeExportResponse(rejected?: Rejected): Uint8Array {
  const out = new WireWriter();
  if (rejected !== undefined && (rejected.count > 0 || rejected.message !== '')) {
    const partial = new WireWriter();
    if (rejected.count > 0) partial.varint(1, rejected.count);
    if (rejected.message !== '') partial.text(2, rejected.message);
    out.message(1, partial);
  }
  return out.finish();
}

const REJECTED_FIELD = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
} as const satisfies Record<Signal, string>;

/** The same as OTLP/JSON: 64-bit integers are strings. */
export function exportResponseJson(signal: Signal, rejected?: Rejected): string {
  if (rejected === undefined || (rejected.count === 0 && rejected.message === '')) return '{}';
  const partial: Record<string, string> = {};
  if (rejected.count > 0) partial[REJECTED_FIELD[signal]] = String(rejected.count);
  if (rejected.message !== '') partial.errorMessage = rejected.message;
  return JSON.stringify({ partialSuccess: partial });
}

/** google.rpc.Status. */
export interface RpcStatus {
  /** A gRPC code: 3 INVALID_ARGUMENT, 8 RESOURCE_EXHAUSTED, 14 UNAVAILABLE … */
  code: number;
  message: string;
  /** Adds google.rpc.RetryInfo: the sender may try again after this long. */
  retryDelayMs?: number;
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** In protobuf: an HTTP error body, or the trailer `grpc-status-details-bin`. */
export function encodeStatus(status: RpcStatus): Uint8Array {
  const out = new WireWriter();
  if (status.code !== 0) out.varint(1, status.code);
  if (status.message !== '') out.text(2, status.message);
  if (status.retryDelayMs !== undefined) {
    const { seconds, nanos } = duration(status.retryDelayMs);
    const delay = new WireWriter();
    if (seconds > 0) delay.varint(1, seconds);
    if (nanos > 0) delay.varint(2, nanos);
    const info = new WireWriter();
    info.message(1, delay);
    const detail = new WireWriter();
    detail.text(1, RETRY_INFO);
    detail.message(2, info);
    out.message(3, detail);
  }
  return out.finish();
}

/** In protobuf's JSON mapping: a duration is seconds with an `s`. */
export function statusJson(status: RpcStatus): string {
  const { code, message } = status;
  if (status.retryDelayMs === undefined) return JSON.stringify({ code, message });
  const { seconds, nanos } = duration(status.retryDelayMs);
  const fraction = nanos === 0 ? '' : `.${String(nanos / 1e6).padStart(3, '0')}`;
  const details = [{ '@type': RETRY_INFO, retryDelay: `${seconds}${fraction}s` }];
  return JSON.stringify({ code, message, details });
}

/** Whole milliseconds are all a retry needs. */
function duration(ms: number): { seconds: number; nanos: number } {
  const whole = Math.max(0, Math.ceil(ms));
  return { seconds: Math.floor(whole / 1000), nanos: (whole % 1000) * 1e6 };
}

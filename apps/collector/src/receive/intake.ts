import type { Rejected, Signal } from '@flyball/tracing';

export type BodyEncoding = 'protobuf' | 'json';

/** Why nothing can be taken in now, and when to come back. */
export interface Busy {
  readonly kind: 'busy' | 'stopping';
  readonly message: string;
  readonly retryAfterMs: number;
}

export type Outcome =
  | { readonly kind: 'accepted'; readonly rejected: Rejected }
  | { readonly kind: 'invalid'; readonly message: string }
  /** Good data, but more of it than one request may bring; never retried as it is. */
  | { readonly kind: 'too_large'; readonly message: string }
  | Busy;

/** What the receivers hand bodies to. */
export interface Intake {
  /** Asked before a body is read, so that a full collector costs a sender little. */
  busy(): Busy | undefined;
  /** Takes over `body`; when it resolves with `accepted`, the sender may forget its data. */
  take(signal: Signal, encoding: BodyEncoding, body: Uint8Array): Promise<Outcome>;
}

export interface ReceiverLimits {
  /** Largest body after decompression, bytes. */
  readonly maxBodyBytes: number;
  /** Of JSON: one request holds the process up while it is read. */
  readonly maxJsonBytes: number;
  /** A request must be complete within this time. */
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
}

/** What happened to one request, for the collector's own metrics. */
export interface RequestReport {
  readonly transport: 'http' | 'grpc';
  readonly signal: Signal;
  readonly outcome:
    | 'accepted'
    | 'partial'
    | 'invalid'
    | 'too_large'
    | 'busy'
    | 'timeout'
    | 'unsupported'
    | 'failed';
  /** After decompression. */
  readonly bytes: number;
  readonly tookMs: number;
}

export type ReportRequest = (report: RequestReport) => void;

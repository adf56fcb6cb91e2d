/** What became of one request. */
export type Reply =
  | { readonly kind: 'accepted'; readonly rejectedSpans: number }
  /** Not taken, to be sent again after `retryAfterMs` (undefined: the server did not say). */
  | { readonly kind: 'later'; readonly retryAfterMs: number | undefined; readonly why: string }
  /** Not taken, and never will be. */
  | { readonly kind: 'refused'; readonly why: string }
  /** No answer: the connection failed or the time ran out. */
  | { readonly kind: 'unanswered'; readonly why: string };

export interface Transport {
  /** Sends a body made by `FreshGroups`; never rejects. */
  send(framed: Buffer): Promise<Reply>;
  close(): void;
}

export interface TransportOptions {
  /** Scheme, host and port. */
  readonly target: string;
  readonly connections: number;
  readonly timeoutMs: number;
}

interface Varint {
  readonly value: number;
  readonly next: number;
}

function varintAt(bytes: Uint8Array, from: number): Varint {
  let value = 0;
  let next = from;
  for (let factor = 1; next < bytes.length; factor *= 128) {
    const byte = bytes[next] as number;
    next += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  return { value, next };
}

/** The first value of a field of a message made of varints and bytes only. */
function fieldOf(message: Uint8Array, wanted: number): number | Uint8Array | undefined {
  for (let at = 0; at < message.length; ) {
    const tag = varintAt(message, at);
    const head = varintAt(message, tag.next);
    const isBytes = (tag.value & 7) === 2;
    const value = isBytes ? message.subarray(head.next, head.next + head.value) : head.value;
    if (tag.value >>> 3 === wanted) return value;
    at = head.next + (isBytes ? head.value : 0);
  }
  return undefined;
}

function bytesOf(message: Uint8Array, field: number): Uint8Array {
  const value = fieldOf(message, field);
  return typeof value === 'object' ? value : new Uint8Array(0);
}

/** `rejected_spans` of an ExportTraceServiceResponse. */
export function rejectedSpansOf(response: Uint8Array): number {
  return Number(fieldOf(bytesOf(response, 1), 1) ?? 0);
}

/** The delay that a `google.rpc.Status` asks for in its RetryInfo, ms. */
export function retryDelayMsOf(status: Uint8Array): number | undefined {
  const retryInfo = bytesOf(bytesOf(status, 3), 2);
  if (retryInfo.length === 0) return undefined;
  const duration = bytesOf(retryInfo, 1);
  return Number(fieldOf(duration, 1) ?? 0) * 1000 + Number(fieldOf(duration, 2) ?? 0) / 1e6;
}

import { crc32 } from 'node:zlib';

/**
 * A segment of the ring: dropped traces of a few seconds, written in one go and never changed.
 *
 * Header, 32 bytes little-endian: mark, CRC-32 of what follows, times of its first and last trace
 * (epoch ms as float64), number of traces, four bytes unused. Then the traces, each: length of its
 * spans, when it was decided after the segment's first (ms), a 64-bit filter of its services, and
 * its spans as an ExportTraceServiceRequest made of the bytes that arrived.
 */
const SEGMENT_HEADER_BYTES = 32;
export const TRACE_HEADER_BYTES = 16;
const MARK = 0x31524c46;

/** Which services a trace may touch: a bit set means maybe, one not set means no. */
export interface ServiceFilter {
  readonly low: number;
  readonly high: number;
}

export interface RingTrace {
  /** Where it stands in its segment: its name there. */
  readonly at: number;
  readonly decidedMs: number;
  readonly services: ServiceFilter;
  readonly spans: Buffer;
}

export interface SegmentTimes {
  readonly fromMs: number;
  readonly toMs: number;
}

/** FNV-1a; one of 64 bits for a service. */
export function filterOf(service: string): ServiceFilter {
  let hash = 0x811c9dc5;
  for (let at = 0; at < service.length; at += 1) {
    hash = Math.imul(hash ^ service.charCodeAt(at), 0x01000193);
  }
  const bit = (hash ^ (hash >>> 15)) & 63;
  return bit < 32 ? { low: (1 << bit) >>> 0, high: 0 } : { low: 0, high: (1 << (bit - 32)) >>> 0 };
}

export function mayTouch(trace: ServiceFilter, wanted: ServiceFilter): boolean {
  return (
    (trace.low & wanted.low) >>> 0 === wanted.low &&
    (trace.high & wanted.high) >>> 0 === wanted.high
  );
}

/** Gathers traces until they are written. Its memory is one block of the segment's size. */
export class SegmentWriter {
  private readonly block: Buffer;
  private used = SEGMENT_HEADER_BYTES;
  private traces = 0;
  private fromMs = 0;
  private toMs = 0;

  constructor(bytes: number) {
    this.block = Buffer.allocUnsafe(bytes);
  }

  get empty(): boolean {
    return this.traces === 0;
  }

  get bytes(): number {
    return this.used;
  }

  get times(): SegmentTimes {
    return { fromMs: this.fromMs, toMs: this.toMs };
  }

  /** False when it does not fit any more. */
  add(spans: Uint8Array, services: ServiceFilter, decidedMs: number): boolean {
    const end = this.used + TRACE_HEADER_BYTES + spans.length;
    if (end > this.block.length) return false;
    if (this.traces === 0) this.fromMs = decidedMs;
    this.toMs = Math.max(decidedMs, this.fromMs);
    const at = this.used;
    this.block.writeUInt32LE(spans.length, at);
    this.block.writeUInt32LE(this.toMs - this.fromMs, at + 4);
    this.block.writeUInt32LE(services.low, at + 8);
    this.block.writeUInt32LE(services.high, at + 12);
    this.block.set(spans, at + TRACE_HEADER_BYTES);
    this.used = end;
    this.traces += 1;
    return true;
  }

  /** The segment as it is on disk: a view, valid until `clear`. */
  finish(): Buffer {
    const { block, used } = this;
    block.writeUInt32LE(MARK, 0);
    block.writeDoubleLE(this.fromMs, 8);
    block.writeDoubleLE(this.toMs, 16);
    block.writeUInt32LE(this.traces, 24);
    block.writeUInt32LE(0, 28);
    block.writeUInt32LE(crc32(block.subarray(8, used)), 4);
    return block.subarray(0, used);
  }

  clear(): void {
    this.used = SEGMENT_HEADER_BYTES;
    this.traces = 0;
  }
}

/** The traces of a segment, or undefined when it is none or is damaged. */
export function readSegment(bytes: Buffer): RingTrace[] | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readUInt32LE(0) !== MARK) return undefined;
  if (crc32(bytes.subarray(8)) !== bytes.readUInt32LE(4)) return undefined;
  const fromMs = bytes.readDoubleLE(8);
  const traces: RingTrace[] = [];
  let at = SEGMENT_HEADER_BYTES;
  while (at + TRACE_HEADER_BYTES <= bytes.length) {
    const start = at + TRACE_HEADER_BYTES;
    const end = start + bytes.readUInt32LE(at);
    const services = { low: bytes.readUInt32LE(at + 8), high: bytes.readUInt32LE(at + 12) };
    const decidedMs = fromMs + bytes.readUInt32LE(at + 4);
    traces.push({ at, decidedMs, services, spans: bytes.subarray(start, end) });
    at = end;
  }
  return traces;
}

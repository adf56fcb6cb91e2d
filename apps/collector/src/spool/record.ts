import { crc32 } from 'node:zlib';

/**
 * One record of a spool segment: a 16-byte little-endian header (mark, payload length, rows,
 * CRC-32 over rows and payload) and the payload, whole lines in the table's insert format.
 */
const RECORD_HEADER_BYTES = 16;
const MARK = 0x31594c46;

export interface SpoolRecord {
  readonly rows: number;
  readonly payload: Uint8Array;
}

export interface SegmentContent {
  readonly records: readonly SpoolRecord[];
  readonly rows: number;
  /** Bytes that could not be read as records: a torn tail, or damage in the middle. */
  readonly lostBytes: number;
}

function checksum(rows: number, payload: Uint8Array): number {
  return crc32(payload, rows >>> 0);
}

/** The header to write in front of `payload`. */
export function recordHeader(rows: number, payload: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  header.writeUInt32LE(MARK, 0);
  header.writeUInt32LE(payload.length, 4);
  header.writeUInt32LE(rows, 8);
  header.writeUInt32LE(checksum(rows, payload), 12);
  return header;
}

function recordAt(bytes: Buffer, at: number): SpoolRecord | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MARK) return undefined;
  const end = at + RECORD_HEADER_BYTES + bytes.readUInt32LE(at + 4);
  if (end > bytes.length) return undefined;
  const rows = bytes.readUInt32LE(at + 8);
  const payload = bytes.subarray(at + RECORD_HEADER_BYTES, end);
  return checksum(rows, payload) === bytes.readUInt32LE(at + 12) ? { rows, payload } : undefined;
}

/**
 * Every whole record of a segment, in order. Damage is skipped up to the next whole record, so a
 * torn tail or a broken sector costs only the records it touches.
 */
export function readRecords(bytes: Buffer): SegmentContent {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(MARK);
  const records: SpoolRecord[] = [];
  let rows = 0;
  let lostBytes = 0;
  let at = 0;
  while (at < bytes.length) {
    const record = recordAt(bytes, at);
    if (record !== undefined) {
      records.push(record);
      rows += record.rows;
      at += RECORD_HEADER_BYTES + record.payload.length;
      continue;
    }
    const next = bytes.indexOf(mark, at + 1);
    const resume = next === -1 ? bytes.length : next;
    lostBytes += resume - at;
    at = resume;
  }
  return { records, rows, lostBytes };
}

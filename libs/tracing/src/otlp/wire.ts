/**
 * Reading protobuf's wire format (protobuf.dev/programming-guides/encoding) from a bounded region.
 * Every read is checked against the region's end; whatever is broken throws `Malformed` with the
 * byte offset. Nothing here allocates.
 */

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
const WIRE_GROUP_START = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;

/** Nested groups and nested attribute values deeper than this are refused. */
export const MAX_DEPTH = 100;

/** The bytes are not the message they claim to be. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  /** Where in the buffer that the bytes are a view of: the same for a body and its slices. */
  readonly offset: number;

  constructor(bytes: Uint8Array, at: number, cause: string) {
    super(cause);
    this.offset = bytes.byteOffset + at;
  }
}

export class WireReader {
  readonly bytes: Uint8Array;
  #view: DataView | undefined;
  /** The next byte to read. */
  at = 0;
  /** Fields and values that the checks of `check.ts` have walked over; for them to set back. */
  parts = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Made when asked for: most short-lived readers never need it. */
  get view(): DataView {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#view;
  }

  /** Field number and wire type of the next field, as one number. */
  tag(end: number): number {
    const at = this.at;
    const first = this.bytes[at] as number;
    if (at < end && first < 0x80 && first > 7) {
      this.at = at + 1;
      return first;
    }
    const second = this.bytes[at + 1] as number;
    if (at + 1 < end && first >= 0x80 && second < 0x80 && second > 0) {
      this.at = at + 2;
      return (first & 0x7f) | (second << 7);
    }
    const tag = this.varint(end);
    if (tag > 0xffffffff || tag < 8)
      throw new Malformed(this.bytes, at, 'a field number is out of range');
    return tag;
  }

  /** Length of a sub-message, string or bytes that fits into the region. */
  length(end: number): number {
    const at = this.at;
    const first = this.bytes[at] as number;
    let length = first;
    if (at < end && first < 0x80) this.at = at + 1;
    else length = this.varint(end);
    if (length > end - this.at) {
      throw new Malformed(this.bytes, at, `a length of ${length} runs past the end of its message`);
    }
    return length;
  }

  /** Value of a varint as a number: exact below 2^53, rounded above. */
  varint(end: number): number {
    const start = this.at;
    let value = 0;
    let factor = 1;
    for (let index = 0; index < 10; index += 1) {
      if (start + index >= end) throw new Malformed(this.bytes, start, 'a number is cut off');
      const byte = this.bytes[start + index] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.at = start + index + 1;
        return value;
      }
      factor *= 128;
    }
    throw new Malformed(this.bytes, start, 'a number is longer than ten bytes');
  }

  /** The low 32 bits of a varint, signed: what an int32, enum or bool field keeps. */
  varint32(end: number): number {
    const start = this.at;
    const first = this.bytes[start] as number;
    if (start < end && first < 0x80) {
      this.at = start + 1;
      return first;
    }
    return Number(BigInt.asIntN(32, this.varint64(end)));
  }

  /** All 64 bits of a varint, unsigned. */
  varint64(end: number): bigint {
    const start = this.at;
    let value = 0n;
    for (let index = 0; index < 10; index += 1) {
      if (start + index >= end) throw new Malformed(this.bytes, start, 'a number is cut off');
      const byte = this.bytes[start + index] as number;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) {
        this.at = start + index + 1;
        return BigInt.asUintN(64, value);
      }
    }
    throw new Malformed(this.bytes, start, 'a number is longer than ten bytes');
  }

  /** Moves over eight (or four) bytes and returns where they began. */
  fixed(width: 4 | 8, end: number): number {
    const start = this.at;
    if (end - start < width)
      throw new Malformed(this.bytes, start, `a ${width}-byte number is cut off`);
    this.at = start + width;
    return start;
  }

  /** Moves over a field that is not wanted. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case WIRE_VARINT:
        this.#skipVarint(end);
        return;
      case WIRE_FIXED64:
        this.fixed(8, end);
        return;
      case WIRE_BYTES: {
        const length = this.length(end);
        this.at += length;
        return;
      }
      case WIRE_FIXED32:
        this.fixed(4, end);
        return;
      case WIRE_GROUP_START:
        this.#skipGroup(tag >>> 3, end);
        return;
      case WIRE_GROUP_END:
        throw new Malformed(this.bytes, this.at, 'a group ends that never began');
      default:
        throw new Malformed(this.bytes, this.at, `wire type ${tag & 7} does not exist`);
    }
  }

  #skipVarint(end: number): void {
    const start = this.at;
    const last = Math.min(end, start + 10);
    for (let at = start; at < last; at += 1) {
      if ((this.bytes[at] as number) < 0x80) {
        this.at = at + 1;
        return;
      }
    }
    throw new Malformed(
      this.bytes,
      start,
      last === end ? 'a number is cut off' : 'a number is longer than ten bytes',
    );
  }

  #skipGroup(field: number, end: number): void {
    const start = this.at;
    const open = [field];
    while (open.length > 0) {
      if (this.at >= end) throw new Malformed(this.bytes, start, 'a group is not ended');
      const tag = this.tag(end);
      if ((tag & 7) === WIRE_GROUP_START) {
        if (open.length >= MAX_DEPTH) {
          throw new Malformed(this.bytes, this.at, `groups are nested deeper than ${MAX_DEPTH}`);
        }
        open.push(tag >>> 3);
      } else if ((tag & 7) === WIRE_GROUP_END) {
        if (open.pop() !== tag >>> 3) {
          throw new Malformed(
            this.bytes,
            this.at,
            'a group ends under another number than it began',
          );
        }
      } else this.skip(tag, end);
    }
  }
}

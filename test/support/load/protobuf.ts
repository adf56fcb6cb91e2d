/** What a request must have anew each time it is sent. */
export type Mark =
  | { readonly kind: 'traceId' | 'spanId' | 'parentId'; readonly at: number }
  | { readonly kind: 'time'; readonly at: number; readonly offsetNs: number };

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Writes a protobuf message and remembers where ids and times lie in it, so that they can be
 * replaced in the encoded bytes. Slow and plain: templates are made once.
 */
export class MessageWriter {
  readonly marks: Mark[] = [];
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.varint((field << 3) | BYTES);
    this.varint(value.length);
    return this.raw(value);
  }

  int(field: number, value: number): this {
    this.varint((field << 3) | VARINT);
    this.varint(value);
    return this;
  }

  fixed32(field: number, value: number): this {
    this.varint((field << 3) | FIXED32);
    const piece = Buffer.alloc(4);
    piece.writeUInt32LE(value);
    return this.raw(piece);
  }

  /** An id of zeros, to be filled in. */
  id(field: number, kind: 'traceId' | 'spanId' | 'parentId'): this {
    const size = kind === 'traceId' ? 16 : 8;
    this.varint((field << 3) | BYTES);
    this.varint(size);
    this.marks.push({ kind, at: this.length });
    return this.raw(new Uint8Array(size));
  }

  /** A fixed64 to be filled in with the time of sending plus `offsetNs`. */
  time(field: number, offsetNs: number): this {
    this.varint((field << 3) | FIXED64);
    this.marks.push({ kind: 'time', at: this.length, offsetNs });
    return this.raw(new Uint8Array(8));
  }

  message(field: number, inner: MessageWriter): this {
    this.varint((field << 3) | BYTES);
    this.varint(inner.length);
    for (const mark of inner.marks) this.marks.push({ ...mark, at: mark.at + this.length });
    return this.raw(inner.finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.pieces);
  }

  private varint(value: number): void {
    const piece: number[] = [];
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) piece.push((rest % 128) | 0x80);
    piece.push(rest);
    this.raw(Uint8Array.from(piece));
  }

  private raw(piece: Uint8Array): this {
    this.pieces.push(piece);
    this.length += piece.length;
    return this;
  }
}

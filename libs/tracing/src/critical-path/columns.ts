import type { PathInput } from './types.ts';

const FIRST_CAPACITY = 64;

/** A `PathInput` one can fill, trace after trace, and the columns that `linkParents` reads. */
export class PathColumns implements PathInput {
  n = 0;
  startNs = new Float64Array(0);
  endNs = new Float64Array(0);
  parent = new Int32Array(0);
  kind = new Uint8Array(0);
  service = new Int32Array(0);
  host = new Int32Array(0);
  blocking = new Int8Array(0);
  idHi = new Uint32Array(0);
  idLo = new Uint32Array(0);
  /** Both halves zero: no parent. */
  parentHi = new Uint32Array(0);
  parentLo = new Uint32Array(0);
  /** Any number that is equal for equal operations; for `timeByOperation`, as is the next. */
  operation = new Int32Array(0);
  /** 1: the span failed. */
  failed = new Uint8Array(0);

  /** Makes room for `n` spans; keeps nothing. */
  reset(n: number): void {
    this.n = n;
    if (n <= this.startNs.length) return;
    let size = Math.max(FIRST_CAPACITY, this.startNs.length);
    while (size < n) size *= 2;
    this.startNs = new Float64Array(size);
    this.endNs = new Float64Array(size);
    this.parent = new Int32Array(size);
    this.kind = new Uint8Array(size);
    this.service = new Int32Array(size);
    this.host = new Int32Array(size);
    this.blocking = new Int8Array(size);
    this.idHi = new Uint32Array(size);
    this.idLo = new Uint32Array(size);
    this.parentHi = new Uint32Array(size);
    this.parentLo = new Uint32Array(size);
    this.operation = new Int32Array(size);
    this.failed = new Uint8Array(size);
  }
}

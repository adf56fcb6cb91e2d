import { probabilityOf, THRESHOLD_LIMIT } from '../context/trace-state.ts';

const WORD = 2 ** 32;
const LIMIT_HIGH = 2 ** 24;

/**
 * A rejection threshold T of 56 bits as two words: a trace is kept iff its randomness is at least
 * T. Comparing two words allocates nothing; a bigint would.
 */
export class Threshold {
  /** Bits 32 … 55; 2^24 when nothing passes. */
  high = 0;
  /** Bits 0 … 31. */
  low = 0;

  /** Nothing passes at 0, everything at 1; in between at least one randomness does. */
  set(probability: number): void {
    if (probability >= 1 || probability <= 0) {
      this.high = probability >= 1 ? 0 : LIMIT_HIGH;
      this.low = 0;
      return;
    }
    const passing = Math.max(1, Math.round(probability * 2 ** 56));
    const passingHigh = Math.floor(passing / WORD);
    const passingLow = passing - passingHigh * WORD;
    const borrow = passingLow > 0 ? 1 : 0;
    this.high = LIMIT_HIGH - passingHigh - borrow;
    this.low = borrow * WORD - passingLow;
  }

  passes(randomness: { readonly high: number; readonly low: number }): boolean {
    if (randomness.high !== this.high) return randomness.high > this.high;
    return randomness.low >= this.low;
  }

  /** As W3C tracestate writes it; 2^56 - 1 at most. */
  toBigInt(): bigint {
    const value = (BigInt(this.high) << 32n) | BigInt(this.low);
    return value < THRESHOLD_LIMIT ? value : THRESHOLD_LIMIT - 1n;
  }

  /** Exactly what the threshold lets pass. */
  get probability(): number {
    return this.high >= LIMIT_HIGH ? 0 : probabilityOf(this.toBigInt());
  }
}

/**
 * The next value with eight significant bits. Probabilities that move all the time then take few
 * values, so that decisions can be shared; what is written down is what was applied.
 */
export function coarse(probability: number): number {
  if (probability <= 0) return 0;
  if (probability >= 1) return 1;
  if (probability < MIN_PROBABILITY) return MIN_PROBABILITY;
  const scale = 2 ** (8 - Math.ceil(Math.log2(probability)));
  return Math.round(probability * scale) / scale;
}

/** Nothing that may be kept at all is rarer than this: what is kept then stands for 2^20. */
const MIN_PROBABILITY = 2 ** -20;

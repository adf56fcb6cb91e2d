interface Bucket {
  tokens: number;
  atMs: number;
}

const BURST = 10;
const REFILL_PER_MS = 10 / 60_000;
const MOST_ADDRESSES = 10_000;

/** Ten sign-in attempts at once per address, then ten a minute: hashing is dear on purpose. */
export class SignInLimit {
  readonly #buckets = new Map<string, Bucket>();

  /** Milliseconds to wait; 0 means: go on. */
  take(address: string, nowMs: number): number {
    const old = this.#buckets.get(address) ?? { tokens: BURST, atMs: nowMs };
    const tokens = Math.min(BURST, old.tokens + Math.max(0, nowMs - old.atMs) * REFILL_PER_MS);
    const allowed = tokens >= 1;
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    this.#forget();
    return allowed ? 0 : Math.ceil((1 - tokens) / REFILL_PER_MS);
  }

  /** The least recently seen go first. */
  #forget(): void {
    for (const address of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_ADDRESSES) return;
      this.#buckets.delete(address);
    }
  }
}

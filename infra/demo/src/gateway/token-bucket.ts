/** The state of a token bucket at one instant. */
export interface TokenBucket {
  tokens: number;
  atMs: number;
}

/** Tokens come at `ratePerSecond`; at most `burst` are saved up. */
export interface BucketLimit {
  ratePerSecond: number;
  burst: number;
}

export type TakeResult =
  | { taken: true; bucket: TokenBucket }
  | { taken: false; bucket: TokenBucket; retryAfterMs: number };

/** A full bucket. */
export function fullBucket(limit: BucketLimit, nowMs: number): TokenBucket {
  return { tokens: limit.burst, atMs: nowMs };
}

/**
 * Takes one token, refilled at the rate of now: `tokens' = min(burst, tokens + rate * dt)`.
 * Changing the rate between two calls is allowed; a clock that goes back adds nothing.
 */
export function take(bucket: TokenBucket, limit: BucketLimit, nowMs: number): TakeResult {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const refilled = bucket.tokens + (elapsedMs * limit.ratePerSecond) / 1_000;
  const tokens = Math.min(limit.burst, refilled);
  const atMs = Math.max(nowMs, bucket.atMs);
  if (tokens >= 1) return { taken: true, bucket: { tokens: tokens - 1, atMs } };
  const retryAfterMs = ((1 - tokens) * 1_000) / limit.ratePerSecond;
  return { taken: false, bucket: { tokens, atMs }, retryAfterMs };
}

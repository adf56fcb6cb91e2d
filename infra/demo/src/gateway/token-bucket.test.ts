import { describe, expect, it } from 'vitest';
import { fullBucket, type TokenBucket, take } from './token-bucket.ts';

/** How many of `count` requests pass, evenly spread over `overMs`. */
function passing(options: { rate: number; burst: number; count: number; overMs: number }): number {
  const limit = { ratePerSecond: options.rate, burst: options.burst };
  let bucket: TokenBucket = fullBucket(limit, 0);
  let passed = 0;
  for (let index = 0; index < options.count; index += 1) {
    const result = take(bucket, limit, (index * options.overMs) / options.count);
    bucket = result.bucket;
    if (result.taken) passed += 1;
  }
  return passed;
}

describe('the token bucket', () => {
  it('lets the burst through at once, then waits for tokens', () => {
    expect(passing({ rate: 10, burst: 5, count: 100, overMs: 0 })).toBe(5);
  });

  it('lets exactly rate x time + burst through when more is offered', () => {
    expect(passing({ rate: 50, burst: 10, count: 10_000, overMs: 10_000 })).toBe(509);
  });

  it('lets everything through when less is offered', () => {
    expect(passing({ rate: 50, burst: 10, count: 400, overMs: 10_000 })).toBe(400);
  });

  it('says when the next token comes', () => {
    const limit = { ratePerSecond: 4, burst: 1 };
    const first = take(fullBucket(limit, 0), limit, 0);
    expect(take(first.bucket, limit, 100)).toMatchObject({ taken: false, retryAfterMs: 150 });
    expect(take(first.bucket, limit, 250)).toMatchObject({ taken: true });
  });

  it('keeps what was saved when the rate changes, up to the new burst', () => {
    const bucket = fullBucket({ ratePerSecond: 100, burst: 100 }, 0);
    const result = take(bucket, { ratePerSecond: 2, burst: 3 }, 0);
    expect(result).toMatchObject({ taken: true, bucket: { tokens: 2 } });
  });

  it('gains and loses nothing from a clock that goes back', () => {
    const limit = { ratePerSecond: 1_000, burst: 1 };
    expect(take(fullBucket(limit, 5_000), limit, 1_000).taken).toBe(true);
    const first = take(fullBucket(limit, 5_000), limit, 5_000);
    const back = take(first.bucket, limit, 1_000);
    expect(back.taken).toBe(false);
    expect(take(back.bucket, limit, 5_000).taken).toBe(false);
  });
});

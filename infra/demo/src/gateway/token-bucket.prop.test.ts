import fc from 'fast-check';
import { describe, it } from 'vitest';
import { fullBucket, type TokenBucket, take } from './token-bucket.ts';

describe('the token bucket, for any arrivals', () => {
  it('never lets more than rate x time + burst through, and never starves', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 });
    const rate = fc.double({ min: 0.5, max: 500, noNaN: true });
    const burst = fc.double({ min: 1, max: 100, noNaN: true });
    fc.assert(
      fc.property(gaps, rate, burst, (gapsMs, ratePerSecond, size) => {
        const limit = { ratePerSecond, burst: size };
        let bucket: TokenBucket = fullBucket(limit, 0);
        let nowMs = 0;
        let passed = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          const result = take(bucket, limit, nowMs);
          bucket = result.bucket;
          if (result.taken) {
            passed += 1;
            continue;
          }
          const atTheTold = take(bucket, limit, nowMs + result.retryAfterMs + 1e-6);
          if (!(result.retryAfterMs > 0) || !atTheTold.taken) return false;
        }
        return passed <= size + (ratePerSecond * nowMs) / 1_000 + 1e-6;
      }),
    );
  });
});

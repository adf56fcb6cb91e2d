import { describe, expect, it } from 'vitest';
import { RecentAnswers } from './recent.ts';

describe('the recent answers', () => {
  it('are counted and ranked over the window', () => {
    const recent = new RecentAnswers({ windowMs: 1_000, limit: 1_000 });
    recent.add({ outcome: 'ok', latencyMs: 9_999, atMs: 0 });
    for (let index = 1; index <= 100; index += 1) {
      recent.add({ outcome: 'ok', latencyMs: index, atMs: 1_000 });
    }
    recent.add({ outcome: 'limited', latencyMs: 1, atMs: 1_000 });
    recent.add({ outcome: 'failed', latencyMs: 1, atMs: 1_000 });
    expect(recent.summary(1_500)).toEqual({
      okPerSecond: 100,
      limitedPerSecond: 1,
      failedPerSecond: 1,
      p50Ms: 50,
      p99Ms: 99,
    });
    expect(recent.summary(9_000)).toMatchObject({ okPerSecond: 0, p99Ms: null });
  });

  it('are bounded in number', () => {
    const recent = new RecentAnswers({ windowMs: 1_000, limit: 10 });
    for (let index = 0; index < 50; index += 1) {
      recent.add({ outcome: 'ok', latencyMs: index, atMs: 0 });
    }
    expect(recent.summary(1).okPerSecond).toBe(10);
  });
});

import { describe, expect, it } from 'vitest';
import type { Peer } from '../process/messages.ts';
import { Balancer } from './balancer.ts';

const peer = (instance: string, startedAtMs = 1): Peer => ({
  instance,
  url: `http://${instance}`,
  startedAtMs,
});

function answer(change: Record<string, unknown> = {}) {
  return {
    kind: 'answer' as const,
    body: {
      version: 3,
      issuedAtMs: 1,
      lifetimeMs: 10_000,
      pollMs: 1_000,
      ratePerSecond: null,
      burst: null,
      weights: { a: 1, b: 3 },
      defaults: { ratePerSecond: null, equalWeights: true },
      ...change,
    },
  };
}

function balancerOf(instances: readonly string[]) {
  const clock = { nowMs: 0 };
  const balancer = new Balancer('checkout', () => clock.nowMs);
  balancer.setPeers(instances.map((instance) => peer(instance)));
  const share = (count: number) => {
    const picked = Array.from({ length: count }, () => balancer.pick()?.instance);
    return (instance: string) => picked.filter((id) => id === instance).length;
  };
  return { balancer, clock, share };
}

describe('the balancer', () => {
  it('splits by the weights in force, and equally when they have ended', () => {
    const { balancer, clock, share } = balancerOf(['a', 'b']);
    balancer.hear(answer());
    expect(share(40)('a')).toBe(10);
    clock.nowMs = 10_000;
    expect(share(40)('a')).toBe(20);
  });

  it('leaves out whoever fails its health checks, until it passes again', () => {
    const { balancer, share } = balancerOf(['a', 'b']);
    for (let count = 0; count < 3; count += 1) balancer.observeCheck('a', false);
    expect(share(10)('a')).toBe(0);
    expect(balancer.view().unhealthy).toEqual(['a']);
    for (let count = 0; count < 2; count += 1) balancer.observeCheck('a', true);
    expect(share(10)('a')).toBe(5);
  });

  it('uses everybody when nobody is healthy', () => {
    const { balancer, share } = balancerOf(['a', 'b']);
    for (const instance of ['a', 'b', 'a', 'b', 'a', 'b']) balancer.observeCheck(instance, false);
    expect(share(10)('a')).toBe(5);
  });

  it('keeps what it knows of those that stay, not of one that was started anew', () => {
    const { balancer } = balancerOf(['a', 'b']);
    for (let count = 0; count < 3; count += 1) balancer.observeCheck('a', false);
    balancer.setPeers([peer('a'), peer('b'), peer('c')]);
    expect(balancer.view().unhealthy).toEqual(['a']);
    balancer.setPeers([peer('a', 2), peer('b'), peer('c')]);
    expect(balancer.view().unhealthy).toEqual([]);
  });

  it('has no instance to offer when there is none', () => {
    expect(balancerOf([]).balancer.pick()).toBeNull();
    expect(balancerOf(['a']).balancer.pick('a')).toBeNull();
  });

  it('limits by the rate in force and says when to come back', () => {
    const { balancer, clock } = balancerOf(['a']);
    expect(balancer.admit().kind).toBe('go');
    balancer.hear(answer({ ratePerSecond: 2, burst: 1 }));
    expect(balancer.admit().kind).toBe('go');
    expect(balancer.admit()).toEqual({ kind: 'limited', retryAfterMs: 500 });
    clock.nowMs = 10_000;
    expect(balancer.admit().kind).toBe('go');
    expect(balancer.admit().kind).toBe('go');
  });

  it('reports what happened since the last report that arrived', () => {
    const { balancer, clock } = balancerOf(['a', 'b']);
    balancer.hear(answer({ ratePerSecond: 1, burst: 1 }));
    for (let count = 0; count < 3; count += 1) balancer.admit();
    clock.nowMs = 400;
    const lost = balancer.report('gateway-1').report;
    expect(lost.seen).toEqual({ windowMs: 400, accepted: 1, rejected: 2 });
    clock.nowMs = 500;
    balancer.admit();
    const { report, delivered } = balancer.report('gateway-1');
    expect(report).toMatchObject({
      service: 'checkout',
      appliedVersion: 3,
      applied: { ratePerSecond: 1 },
      instances: [{ instance: 'a', healthy: true, startedAtMs: 1 }, { instance: 'b' }],
      seen: { windowMs: 500, accepted: 1, rejected: 3 },
    });
    delivered();
    clock.nowMs = 600;
    expect(balancer.report('gateway-1').report.seen).toEqual({
      windowMs: 100,
      accepted: 0,
      rejected: 0,
    });
  });
});

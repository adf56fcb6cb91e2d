import type { GuardReport } from '@flyball/contract';
import type { GuardView, Peer } from '../process/messages.ts';
import {
  type Enforcement,
  enforcement,
  expiresAtMs,
  type GuardInput,
  type GuardState,
  INITIAL_GUARD,
  nextPollMs,
  stepGuard,
  weightsFor,
} from './guard-client.ts';
import { type HealthState, NEWCOMER, observeCheck } from './health.ts';
import { type BucketLimit, fullBucket, type TokenBucket, take } from './token-bucket.ts';
import { type Credits, pickNext } from './weighted-round-robin.ts';

export type AdmitResult = { kind: 'go' } | { kind: 'limited'; retryAfterMs: number };

/**
 * Everything the gateway knows about one balanced service: its instances and their health, the
 * controller's targets, the token bucket. It holds the state; the decisions are the pure
 * functions beside it. `nowMs` is a monotonic clock.
 */
export class Balancer {
  readonly service: string;
  readonly #nowMs: () => number;
  #guard: GuardState = INITIAL_GUARD;
  #peers: readonly Peer[] = [];
  #health = new Map<string, HealthState>();
  #credits: Credits = {};
  #bucket: TokenBucket | null = null;
  #seen = { accepted: 0, rejected: 0 };
  #reportedUntil: { atMs: number; accepted: number; rejected: number };

  constructor(service: string, nowMs: () => number) {
    this.service = service;
    this.#nowMs = nowMs;
    this.#reportedUntil = { atMs: nowMs(), accepted: 0, rejected: 0 };
  }

  /** The instances of now; what was known of those that stay is kept. */
  setPeers(peers: readonly Peer[]): void {
    const known = new Map(this.#peers.map((peer) => [peer.instance, peer.startedAtMs]));
    const health = new Map<string, HealthState>();
    for (const peer of peers) {
      const same = known.get(peer.instance) === peer.startedAtMs;
      health.set(peer.instance, (same && this.#health.get(peer.instance)) || NEWCOMER);
    }
    this.#peers = peers;
    this.#health = health;
  }

  peers(): readonly Peer[] {
    return this.#peers;
  }

  observeCheck(instance: string, passed: boolean): void {
    const state = this.#health.get(instance);
    if (state !== undefined) this.#health.set(instance, observeCheck(state, passed));
  }

  /** Takes a token when there is a rate in force. */
  admit(): AdmitResult {
    const limit = this.#limit();
    const nowMs = this.#nowMs();
    if (limit === null) {
      this.#bucket = null;
    } else {
      const result = take(this.#bucket ?? fullBucket(limit, nowMs), limit, nowMs);
      this.#bucket = result.bucket;
      if (!result.taken) {
        this.#seen.rejected += 1;
        return { kind: 'limited', retryAfterMs: result.retryAfterMs };
      }
    }
    this.#seen.accepted += 1;
    return { kind: 'go' };
  }

  /** The next instance by weight among the healthy; among all when none is healthy. */
  pick(except?: string): Peer | null {
    const others = this.#peers.filter((peer) => peer.instance !== except);
    const healthy = others.filter((peer) => this.#isHealthy(peer.instance));
    const candidates = healthy.length > 0 ? healthy : others;
    const weights = this.#weights();
    const picked = pickNext(
      this.#credits,
      candidates.map(({ instance }) => ({ id: instance, weight: weights[instance] ?? 0 })),
    );
    if (picked === null) return null;
    this.#credits = picked.credits;
    return candidates.find((peer) => peer.instance === picked.id) ?? null;
  }

  hear(input: GuardInput): GuardState {
    this.#guard = stepGuard(this.#guard, input, this.#nowMs());
    return this.#guard;
  }

  nextPollMs(): number {
    return nextPollMs(this.#guard);
  }

  /** What to tell the controller: everything since the last report it has received. */
  report(guard: string): { report: GuardReport; delivered: () => void } {
    const atMs = this.#nowMs();
    const { accepted, rejected } = this.#seen;
    const since = this.#reportedUntil;
    const report: GuardReport = {
      guard,
      service: this.service,
      appliedVersion: this.#guard.kind === 'following' ? this.#guard.targets.version : null,
      applied: { ratePerSecond: this.#enforced().ratePerSecond, weights: this.#weights() },
      instances: this.#peers.map(({ instance, startedAtMs }) => ({
        instance,
        startedAtMs,
        healthy: this.#isHealthy(instance),
      })),
      seen: {
        windowMs: Math.max(1, atMs - since.atMs),
        accepted: accepted - since.accepted,
        rejected: rejected - since.rejected,
      },
    };
    return { report, delivered: () => (this.#reportedUntil = { atMs, accepted, rejected }) };
  }

  view(): GuardView {
    const guard = this.hear({ kind: 'tick' });
    return {
      service: this.service,
      state: guard.kind,
      version: guard.kind === 'waiting' ? null : guard.targets.version,
      expiresInMs: guard.kind === 'following' ? expiresAtMs(guard) - this.#nowMs() : null,
      ratePerSecond: this.#enforced().ratePerSecond,
      weights: this.#weights(),
      unhealthy: this.#peers.flatMap(({ instance }) =>
        this.#isHealthy(instance) ? [] : [instance],
      ),
      ...this.#seen,
      failures: guard.failures,
      lastError: guard.lastError,
    };
  }

  #enforced(): Enforcement {
    return enforcement(this.#guard, this.#nowMs());
  }

  #limit(): BucketLimit | null {
    const { ratePerSecond, burst } = this.#enforced();
    if (ratePerSecond === null) return null;
    return { ratePerSecond, burst: Math.max(1, burst ?? ratePerSecond) };
  }

  #weights(): Record<string, number> {
    return weightsFor(
      this.#peers.map((peer) => peer.instance),
      this.#enforced().weights,
    );
  }

  #isHealthy(instance: string): boolean {
    return this.#health.get(instance)?.healthy ?? true;
  }
}

import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import type {
  Evidence,
  EvidenceBinding,
  EvidenceScope,
  EvidenceStage,
  Freshness,
} from './evidence.ts';

/** Clocks of one fleet differ; a fact from this far in the future still counts as new. */
const CLOCK_SKEW_MS = 5_000;

export interface Fact<T> {
  readonly id: string;
  readonly scope: EvidenceScope;
  readonly signal: string;
  readonly value: T;
  readonly unit: string;
  readonly observedAtMs: number;
  readonly lifetimeMs: number;
  readonly binding: EvidenceBinding;
  /** Default fresh. */
  readonly freshness?: Freshness;
  readonly exampleTraceIds?: readonly string[];
}

/** A fact as its source states it. */
export function observe<T>(fact: Fact<T>): Evidence<T> {
  requireThat(Number.isFinite(fact.observedAtMs), 'observedAtMs', fact.observedAtMs, 'a time');
  requirePositive('lifetimeMs', fact.lifetimeMs);
  if (fact.freshness?.kind === 'bounded-stale') {
    requireAtLeastZero('freshness.boundMs', fact.freshness.boundMs);
  }
  return {
    ...fact,
    freshness: fact.freshness ?? { kind: 'fresh' },
    exampleTraceIds: fact.exampleTraceIds ?? [],
    stage: { kind: 'generated', atMs: fact.observedAtMs },
  };
}

/** It has reached another process: what was fresh there is a copy here. */
export function propagate<T>(evidence: Evidence<T>, atMs: number): Evidence<T> {
  return isOver(evidence, atMs) ? expire(evidence, atMs) : enter(evidence, 'propagated', atMs);
}

/** Its value was checked against its schema and its source. */
export function validate<T>(evidence: Evidence<T>, atMs: number): Evidence<T> {
  return isOver(evidence, atMs) ? expire(evidence, atMs) : enter(evidence, 'validated', atMs);
}

export function expire<T>(evidence: Evidence<T>, atMs: number): Evidence<T> {
  return evidence.stage.kind === 'expired' ? evidence : enter(evidence, 'expired', atMs);
}

/**
 * Observed again, by the same source on the same subject. The only way out of expiry. An
 * observation no newer than the known one, as a late message brings it, renews nothing.
 */
export function renew<T>(evidence: Evidence<T>, value: T, observedAtMs: number): Evidence<T> {
  requireThat(Number.isFinite(observedAtMs), 'observedAtMs', observedAtMs, 'a time');
  if (observedAtMs <= evidence.observedAtMs) {
    return evidence;
  }
  const times = evidence.stage.kind === 'renewed' ? evidence.stage.times + 1 : 1;
  return {
    ...evidence,
    value,
    observedAtMs,
    stage: { kind: 'renewed', atMs: observedAtMs, times },
  };
}

/** When it ends, unless renewed. */
export function validUntilMs(evidence: Evidence<unknown>): number {
  return evidence.observedAtMs + evidence.lifetimeMs;
}

/**
 * How old the fact itself may be by now; null when nobody can say (eventual, historical) or its
 * life is over. A static fact does not age.
 */
export function evidenceAgeMs(evidence: Evidence<unknown>, nowMs: number): number | null {
  if (isOver(evidence, nowMs) || evidence.observedAtMs - nowMs > CLOCK_SKEW_MS) {
    return null;
  }
  const sinceMs = Math.max(0, nowMs - evidence.observedAtMs);
  switch (evidence.freshness.kind) {
    case 'fresh':
      return sinceMs;
    case 'bounded-stale':
      return sinceMs + evidence.freshness.boundMs;
    case 'static':
      return 0;
    case 'eventual':
    case 'historical':
      return null;
  }
}

/**
 * One may act on it: alive, of a known age within `maxAgeMs`, and, if it is a number, a number.
 * An error is not a zero: what is missing is null and never usable.
 */
export function isUsable<T>(
  evidence: Evidence<T> | null | undefined,
  nowMs: number,
  maxAgeMs: number,
): evidence is Evidence<T> {
  if (evidence === null || evidence === undefined || !Number.isFinite(nowMs)) {
    return false;
  }
  if (typeof evidence.value === 'number' && !Number.isFinite(evidence.value)) {
    return false;
  }
  const ageMs = evidenceAgeMs(evidence, nowMs);
  return ageMs !== null && ageMs <= maxAgeMs;
}

function isOver(evidence: Evidence<unknown>, nowMs: number): boolean {
  return evidence.stage.kind === 'expired' || nowMs > validUntilMs(evidence);
}

function enter<T>(
  evidence: Evidence<T>,
  kind: Exclude<EvidenceStage['kind'], 'renewed'>,
  atMs: number,
): Evidence<T> {
  return { ...evidence, stage: { kind, atMs } };
}

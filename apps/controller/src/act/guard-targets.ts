import type { GuardTargets, Policy } from '@flyball/contract';
import type { Desired } from './desired-state.ts';
import { GUARD_POLL_MS, guardVersion } from './guard-reports.ts';

/** Without a policy guards enforce nothing, and ask again. */
const IDLE_LIFETIME_MS = 60_000;

export interface GuardTargetsInput {
  readonly policy: Policy | null;
  /** By loop. */
  readonly desired: ReadonlyMap<string, Desired>;
  /** How long ago each loop was last steered, ms; left out: never. */
  readonly steeredAgoMs: ReadonlyMap<string, number>;
  /** Live guards of the service, the asking one included: they share the rate. */
  readonly guards: number;
  readonly nowMs: number;
}

/**
 * What a guard is told to enforce. A target lives from the last cycle in which its loop was
 * steered, not from the question: with no leader, or the loop switched off, it runs out however
 * often guards ask.
 */
export function guardTargetsFor(input: GuardTargetsInput): GuardTargets {
  const { policy, desired, nowMs } = input;
  const rateLoop = policy?.loops.rate;
  const left = (loop: 'rate' | 'weights') => {
    const lifetimeMs = policy?.loops[loop]?.lifetime ?? 0;
    const agoMs = input.steeredAgoMs.get(loop) ?? Number.POSITIVE_INFINITY;
    return Math.floor(lifetimeMs - agoMs);
  };
  const rate = left('rate') <= 0 ? null : numberOf(desired.get('rate'));
  const share = rate === null ? null : rate / Math.max(1, input.guards);
  const weights = left('weights') <= 0 ? {} : weightsOf(desired.get('weights'));
  const lifetimes = [left('rate'), left('weights')].filter((ms) => ms > 0);
  return {
    version: guardVersion([...desired.values()].map((row) => row.version)),
    issuedAtMs: nowMs,
    lifetimeMs: lifetimes.length === 0 ? IDLE_LIFETIME_MS : Math.min(...lifetimes),
    pollMs: GUARD_POLL_MS,
    ratePerSecond: share,
    burst: share === null ? null : Math.max(1, (share * (rateLoop?.burst ?? 1000)) / 1000),
    weights,
    // When nobody steers any more, letting everybody through equally is what was there before.
    defaults: { ratePerSecond: null, equalWeights: true },
  };
}

function numberOf(row: Desired | undefined): number | null {
  return typeof row?.value === 'number' && row.value > 0 ? row.value : null;
}

function weightsOf(row: Desired | undefined): Record<string, number> {
  return row === undefined || typeof row.value === 'number' ? {} : { ...row.value };
}

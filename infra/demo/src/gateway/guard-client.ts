import { type GuardTargets, guardTargets } from '@flyball/contract';
import { assertNever } from '../assert-never.ts';

/**
 * The guard's memory of the controller, as a pure machine. Time is an input, in milliseconds of
 * a monotonic clock, so that a change of the wall clock neither ends nor extends a lifetime.
 *
 *   waiting --answer--> following --lifetime ends--> expired --answer--> following
 *
 * While following, the last targets stay in force whatever the controller does: away, slow,
 * failing, or answering garbage. When their lifetime ends, their own safe defaults hold. Before
 * the first answer: equal weights, no limit.
 */
export type GuardState =
  | { kind: 'waiting'; failures: number; lastError: string | null }
  | {
      kind: 'following';
      targets: GuardTargets;
      receivedAtMs: number;
      failures: number;
      lastError: string | null;
    }
  | {
      kind: 'expired';
      targets: GuardTargets;
      receivedAtMs: number;
      failures: number;
      lastError: string | null;
    };

export type GuardInput =
  | { kind: 'answer'; body: unknown }
  | { kind: 'failure'; reason: string }
  | { kind: 'tick' };

/** What to enforce now. `weights` null means equal. */
export interface Enforcement {
  ratePerSecond: number | null;
  burst: number | null;
  weights: Readonly<Record<string, number>> | null;
}

const DEFAULT_POLL_MS = 2_000;
const MIN_POLL_MS = 200;
const MAX_POLL_MS = 15_000;
/** No answer, however wrong, may hold the shop for longer than this. */
const MAX_LIFETIME_MS = 3_600_000;

export const INITIAL_GUARD: GuardState = { kind: 'waiting', failures: 0, lastError: null };

function expire(state: GuardState, nowMs: number): GuardState {
  if (state.kind !== 'following' || nowMs < expiresAtMs(state)) return state;
  return { ...state, kind: 'expired' };
}

function fail(state: GuardState, reason: string): GuardState {
  return { ...state, failures: state.failures + 1, lastError: reason };
}

/** An answer that an older leader sent must not undo what a newer one said. */
function isOutdated(state: GuardState, answer: GuardTargets): boolean {
  if (state.kind !== 'following') return false;
  const held = state.targets;
  if (answer.version !== held.version) return answer.version < held.version;
  return answer.issuedAtMs < held.issuedAtMs;
}

/** One step of the machine. Never throws, whatever the body is. */
export function stepGuard(state: GuardState, input: GuardInput, nowMs: number): GuardState {
  const current = expire(state, nowMs);
  switch (input.kind) {
    case 'tick':
      return current;
    case 'failure':
      return fail(current, input.reason);
    case 'answer': {
      const parsed = guardTargets.safeParse(input.body);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        const where = issue?.path.join('.') || 'the body';
        return fail(current, `unusable answer: ${where}: ${issue?.message ?? 'invalid'}`);
      }
      if (isOutdated(current, parsed.data)) {
        return fail(current, `outdated answer: version ${parsed.data.version}`);
      }
      return {
        kind: 'following',
        targets: parsed.data,
        receivedAtMs: nowMs,
        failures: 0,
        lastError: null,
      };
    }
    default:
      return assertNever(input);
  }
}

/** When the targets' lifetime ends, on the clock of `receivedAtMs`. */
export function expiresAtMs(state: Extract<GuardState, { targets: GuardTargets }>): number {
  return state.receivedAtMs + Math.min(state.targets.lifetimeMs, MAX_LIFETIME_MS);
}

/** What is in force. A machine that was not ticked in time still lets the lifetime end. */
export function enforcement(state: GuardState, nowMs: number): Enforcement {
  const current = expire(state, nowMs);
  switch (current.kind) {
    case 'waiting':
      return { ratePerSecond: null, burst: null, weights: null };
    case 'following': {
      const { ratePerSecond, burst, weights } = current.targets;
      return { ratePerSecond, burst, weights };
    }
    case 'expired': {
      const { defaults, weights } = current.targets;
      return {
        ratePerSecond: defaults.ratePerSecond,
        burst: null,
        weights: defaults.equalWeights ? null : weights,
      };
    }
    default:
      return assertNever(current);
  }
}

/** How long to wait before the next sync: the controller's wish, doubled per failure in a row. */
export function nextPollMs(state: GuardState): number {
  const wanted = state.kind === 'waiting' ? DEFAULT_POLL_MS : state.targets.pollMs;
  const backedOff = wanted * 2 ** Math.min(state.failures, 3);
  return Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, backedOff));
}

/**
 * Weights for the instances that exist, scaled so that the heaviest is 1: a named instance gets
 * its own, an unknown one the mean of the named, everybody the same when nothing is known.
 */
export function weightsFor(
  instances: readonly string[],
  weights: Enforcement['weights'],
): Record<string, number> {
  const known = instances.flatMap((instance) => {
    const weight = weights?.[instance];
    return weight === undefined ? [] : [weight];
  });
  const heaviest = Math.max(0, ...known);
  if (weights === null || heaviest === 0) {
    return Object.fromEntries(instances.map((instance) => [instance, 1]));
  }
  const mean = known.reduce((total, weight) => total + weight / heaviest, 0) / known.length;
  return Object.fromEntries(
    instances.map((instance) => {
      const own = weights[instance];
      return [instance, own === undefined ? mean : own / heaviest];
    }),
  );
}

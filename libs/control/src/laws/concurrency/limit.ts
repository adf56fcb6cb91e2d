/** What all laws for a concurrency limit share: their input, their bounds, the limit's fraction. */
import { requirePositive, requireRatio, requireThat } from '../../config.ts';
import type { LawInput, Step } from '../../decision.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { refuse } from '../refuse.ts';

export interface ConcurrencyInput extends LawInput {
  /** Limit in force. */
  readonly applied: number;
  /** Mean number of calls inside over the window. */
  readonly inFlight: number | null;
  /** Mean or median latency of the calls answered in the window; null: none was. */
  readonly latencyMs: number | null;
  /** Calls answered per second. */
  readonly completedPerSecond: number | null;
  /**
   * Calls lost to a time-out or refused by the service, of all that ended, 0 to 1; null: not
   * observed. Calls that this limit itself turned away do not count.
   */
  readonly dropRatio: number | null;
}

export interface LimitConfig {
  /** Default 1. */
  readonly minLimit?: number;
  /** Default 1,000. */
  readonly maxLimit?: number;
  /** Period that gains are meant for; keep it above the usual latency. Default 1 s. */
  readonly everyMs?: number;
  /** Factor on the limit while calls are dropped. */
  readonly backoff?: number;
  /**
   * Share of dropped calls that is no sign of overload; keep it above what is lost at any load, or
   * the limit falls to its minimum for nothing. Default 0.01; 0: any drop is a sign.
   */
  readonly dropTolerance?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export type LimitSettings = Required<LimitConfig>;

export function limitSettings(config: LimitConfig, backoff: number): LimitSettings {
  const settings: LimitSettings = {
    minLimit: config.minLimit ?? 1,
    maxLimit: config.maxLimit ?? 1_000,
    everyMs: config.everyMs ?? 1_000,
    backoff: config.backoff ?? backoff,
    dropTolerance: config.dropTolerance ?? 0.01,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  const { minLimit, maxLimit } = settings;
  requireThat(
    Number.isInteger(minLimit) && minLimit >= 1,
    'minLimit',
    minLimit,
    'whole, 1 or more',
  );
  const above = Number.isInteger(maxLimit) && maxLimit >= minLimit;
  requireThat(above, 'maxLimit', maxLimit, `whole, at least minLimit (${minLimit})`);
  requirePositive('everyMs', settings.everyMs);
  const usable = settings.backoff > 0 && settings.backoff < 1;
  requireThat(usable, 'backoff', settings.backoff, 'between 0 and 1');
  requireRatio('dropTolerance', settings.dropTolerance);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  return settings;
}

/** What every state of these laws holds beside its own memory. */
export interface LimitMemory {
  readonly lastMs: number | null;
  /** Limit last proposed, with its fraction; null: nothing proposed yet. */
  readonly limit: number | null;
}

/**
 * The limit to go on from: what is in force, with the fraction that whole numbers cannot carry.
 * A limit that others changed (a guard, a person) is taken as it is.
 */
export function limitNow(memory: LimitMemory, input: ConcurrencyInput, minLimit: number): number {
  const { limit } = memory;
  if (!isMeasure(input.applied)) {
    return limit ?? minLimit;
  }
  return limit !== null && Math.floor(limit) === input.applied ? limit : input.applied;
}

/** Share of a period that has passed since the last step, at most 1: gaps are not made up for. */
export function periodsSince(lastMs: number | null, nowMs: number, everyMs: number): number {
  return lastMs === null ? 1 : Math.min(1, (nowMs - lastMs) / everyMs);
}

/** Why this input cannot be acted on; null: it can. */
export function refuseLimit(
  memory: LimitMemory,
  input: ConcurrencyInput,
  settings: LimitSettings,
): LawReason | null {
  const refused = refuse(memory.lastMs, input, settings.evidenceMaxAgeMs);
  if (refused !== null) {
    return refused;
  }
  const { applied, inFlight, latencyMs, completedPerSecond, dropRatio } = input;
  const impossible =
    !isMeasure(applied) ||
    isImpossible(inFlight) ||
    isImpossible(latencyMs) ||
    isImpossible(completedPerSecond) ||
    isImpossible(dropRatio) ||
    (dropRatio ?? 0) > 1;
  if (impossible) {
    return 'invalid-measure';
  }
  const silent = latencyMs === null && !isDropping(input, settings);
  return inFlight === null || silent ? 'no-evidence' : null;
}

function isImpossible(figure: number | null): boolean {
  return figure !== null && !isMeasure(figure);
}

export function isDropping(input: ConcurrencyInput, settings: LimitSettings): boolean {
  return (input.dropRatio ?? 0) > settings.dropTolerance;
}

/** Proposes the whole number at or below the new limit, within bounds, and keeps the fraction. */
export function proposeLimit<State extends LimitMemory>(
  state: State & { readonly config: LimitSettings },
  next: number,
  reason: LawReason,
  terms: { readonly [name: string]: number },
): Step<State, number> {
  const { minLimit, maxLimit } = state.config;
  // Without it 0.9 x 10 ten times would end a hair below a whole number and lose one.
  const limit = tidy(Math.min(maxLimit, Math.max(minLimit, next)));
  return { state: { ...state, limit }, output: { value: Math.floor(limit), reason, terms } };
}

/** Proposes what is in force. */
export function holdLimit<State extends LimitMemory>(
  state: State,
  input: ConcurrencyInput,
  current: number,
  reason: LawReason,
): Step<State, number> {
  const value = isMeasure(input.applied) ? input.applied : Math.floor(current);
  return { state, output: { value, reason, terms: { applied: value } } };
}

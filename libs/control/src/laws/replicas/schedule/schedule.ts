/**
 * Replicas by the clock: least and most by windows of the week.
 *
 *     value = applied, at least min(now), at most max(now)
 *     min(now) counts from `leadMs` before a window opens, so that what it asks for has started
 *
 * Within the limits of the hour it leaves what is applied: with min = max it sets the count alone,
 * with a min only it is a floor under another law (`scheduleGuard` puts it around any law).
 * Windows are in local time of an IANA zone; what a change of the clock does to them is told in
 * limits-at.ts.
 *
 * It goes up without evidence, for the clock is all it needs. Nothing is taken away while the
 * evidence is missing, old or impossible: a service that cannot be seen keeps what it has.
 *
 * Defaults: no limits outside the windows, no lead (set it to the start-up time).
 *
 * Regimes: raised to the floor, lowered to the ceiling, between them, holding down without
 * evidence, following a hand.
 *
 * Stability: open loop: always stable. Between two edges it moves at most once.
 *
 * Source: the mission's table, row 22; IANA time zones by the platform's own data.
 */
import type { Step, Terms } from '../../../decision.ts';
import type { Guard } from '../../../guards/guard.ts';
import { isMeasure } from '../../../numbers.ts';
import type { Reason } from '../../../reasons.ts';
import { refuse } from '../../refuse.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';
import { type LimitsNow, limitsAt } from './limits-at.ts';
import { type ScheduleConfig, type ScheduleSettings, scheduleSettings } from './schedule-config.ts';

/** Plain JSON. */
export interface ScheduleState {
  readonly config: ScheduleSettings;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
  /** Found once, used until they may change. */
  readonly limits: LimitsNow | null;
}

export const schedule: ReplicaLaw<ScheduleConfig, ScheduleState> = {
  name: 'schedule',
  init: (config) => ({
    config: scheduleSettings(config),
    lastMs: null,
    lastApplied: null,
    limits: null,
  }),
  step,
  retune: (state, config) => {
    const settings = scheduleSettings(config);
    const same = JSON.stringify(settings) === JSON.stringify(state.config);
    return same ? state : { ...state, config: settings, limits: null };
  },
};

function step(state: ScheduleState, input: ReplicaObservation): Step<ScheduleState, number> {
  const { config, lastMs } = state;
  const { nowMs } = input;
  const seen = isMeasure(input.applied);
  const applied = seen ? input.applied : (state.lastApplied ?? 0);
  const refused = isDate(nowMs)
    ? refuse(lastMs, input, config.evidenceMaxAgeMs)
    : 'invalid-measure';
  const followed: ScheduleState = {
    config,
    lastMs: isDate(nowMs) ? nowMs : lastMs,
    lastApplied: seen ? applied : state.lastApplied,
    limits: state.limits,
  };
  const told = (next: ScheduleState, value: number, reason: Reason, terms: Terms = {}) => ({
    state: next,
    output: { value, reason, terms: { ...terms, applied } },
  });
  if (!seen) {
    return told(followed, applied, refused ?? 'invalid-measure');
  }
  if (refused !== null && !isBlindness(refused)) {
    return told(followed, applied, refused);
  }
  if (input.hand === true) {
    return told(followed, applied, 'tracking');
  }
  const limits = current(state.limits, nowMs) ?? limitsAt(config, nowMs);
  const next = limits === state.limits ? followed : { ...followed, limits };
  const terms = termsOf(limits);
  if (applied < limits.min) {
    return told(next, limits.min, 'scheduled-floor', terms);
  }
  if (refused !== null) {
    return told(next, applied, refused, terms);
  }
  return limits.max !== null && applied > limits.max
    ? told(next, limits.max, 'scheduled-ceiling', terms)
    : told(next, applied, 'within-schedule', terms);
}

/** Beyond this there are no dates. */
const LAST_DATE_MS = 8_600_000_000_000_000;

function isDate(nowMs: number): boolean {
  return Math.abs(nowMs) <= LAST_DATE_MS;
}

/** The clock is right, only the service is not seen. */
function isBlindness(refused: Reason): boolean {
  return refused === 'no-evidence' || refused === 'stale-evidence';
}

function current(limits: LimitsNow | null, nowMs: number): LimitsNow | null {
  return limits !== null && nowMs >= limits.fromMs && nowMs < limits.untilMs ? limits : null;
}

function termsOf({ min, max, open, leading }: LimitsNow): Terms {
  return max === null ? { min, open, leading } : { min, max, open, leading };
}

/** What the hour asks for at least; 0 where the clock tells no date. */
export function scheduledLeast(settings: ScheduleSettings, nowMs: number): number {
  return isDate(nowMs) ? limitsAt(settings, nowMs).min : 0;
}

/**
 * The same limits around any law: brings a proposal between the hour's least and most. While the
 * evidence is missing it takes nothing away of what is applied.
 */
export function scheduleGuard(config: ScheduleConfig): Guard {
  const settings = scheduleSettings(config);
  return {
    name: 'schedule',
    judge: (decision, context) => {
      if (!isDate(context.nowMs)) {
        return { kind: 'pass' };
      }
      const limits = limitsAt(settings, context.nowMs);
      const terms = termsOf(limits);
      if (decision.value < limits.min) {
        return { kind: 'bound', value: limits.min, reason: 'scheduled-floor', terms };
      }
      if (limits.max === null) {
        return { kind: 'pass' };
      }
      const blind = refuse(null, context, settings.evidenceMaxAgeMs) !== null;
      const most = blind ? Math.max(limits.max, context.applied) : limits.max;
      return decision.value > most
        ? { kind: 'bound', value: most, reason: 'scheduled-ceiling', terms }
        : { kind: 'pass' };
    },
  };
}

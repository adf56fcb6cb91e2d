import { requirePositive, requireThat } from '../config.ts';
import { type GateState, initGate } from './gate.ts';

export interface OutlookConfig {
  /** How far ahead one needs to see: the start-up time. At most 64 slots. */
  readonly horizonMs: number;
  /** Default 15 s. */
  readonly slotMs?: number;
  /** Slots a trend is drawn through, 4 to 32. Default 12. */
  readonly trendSlots?: number;
  /** Longest period looked for, 8 to 512 slots. Default 120. */
  readonly mostPeriodSlots?: number;
  /** A season that is known, for Holt-Winters; null: the period found. Default null. */
  readonly seasonMs?: number | null;
  /** A season too long to find, in slots of its own, see `CALENDARS`. Default null: none. */
  readonly calendar?: { readonly seasonMs: number; readonly slotMs: number } | null;
  /** See `gate.ts`. Defaults 60, 8, 0.8 and 0.95. */
  readonly memorySlots?: number;
  readonly minScored?: number;
  readonly enter?: number;
  readonly leave?: number;
}

/**
 * Seasons too long to find. They follow the epoch, not local time: when clocks change, what people
 * do shifts by an hour, and two seasons later the profile has followed.
 */
export const CALENDARS = {
  day: { seasonMs: 86_400_000, slotMs: 300_000 },
  /** Weekday by weekday. */
  week: { seasonMs: 604_800_000, slotMs: 900_000 },
} as const;

export type OutlookSettings = Required<OutlookConfig>;

const MOST_HORIZON_SLOTS = 64;

/** Throws a ConfigError that names the field. */
export function outlookSettings(config: OutlookConfig): OutlookSettings {
  const settings = {
    slotMs: 15_000,
    trendSlots: 12,
    mostPeriodSlots: 120,
    seasonMs: null,
    calendar: null,
    memorySlots: 60,
    minScored: 8,
    enter: 0.8,
    leave: 0.95,
    ...config,
  };
  requirePositive('slotMs', settings.slotMs);
  requirePositive('horizonMs', settings.horizonMs);
  const most = mostHorizonMs(settings);
  requireThat(settings.horizonMs <= most, 'horizonMs', settings.horizonMs, `at most ${most}`);
  return settings;
}

export function mostHorizonMs({ slotMs }: Pick<OutlookSettings, 'slotMs'>): number {
  return MOST_HORIZON_SLOTS * slotMs;
}

export function gateOf(settings: OutlookSettings): GateState {
  const { memorySlots, minScored, enter, leave } = settings;
  return initGate({ horizonSlots: horizonOf(settings), memorySlots, minScored, enter, leave });
}

export function horizonOf({ horizonMs, slotMs }: OutlookSettings): number {
  return Math.max(1, Math.ceil(horizonMs / slotMs));
}

/** What the forecasters are built on: they begin anew when it changes. */
export function sameModels(a: OutlookSettings, b: OutlookSettings): boolean {
  return (
    a.slotMs === b.slotMs &&
    a.trendSlots === b.trendSlots &&
    a.mostPeriodSlots === b.mostPeriodSlots &&
    a.seasonMs === b.seasonMs &&
    a.calendar?.seasonMs === b.calendar?.seasonMs &&
    a.calendar?.slotMs === b.calendar?.slotMs
  );
}

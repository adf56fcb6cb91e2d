/**
 * What will a series be in a while? Several forecasters watch it; the one with the smallest error
 * of its own, among those that may be believed (`gate.ts`), is asked.
 *
 *     trend          a robust line through the last slots
 *     season         as in past cycles of a period found in the series itself
 *     holt-winters   level, trend and season of that period, or of `seasonMs` where it is known
 *     profile        now + (usual at that time - usual now), of a day or a week: `calendar`
 *     naive          as it is now; never "trusted", and what is said when nobody else may be
 *
 * Each is judged at `horizonMs` against the naive forecast. A forecast further ahead than one and
 * a half times that has not been measured, and is not trusted.
 *
 * Bounded: rings of twice the longest period. What a sample costs is a sum, but for the one that
 * ends a slot. When the clock is set back, what is known of the last slots is void, what is usual
 * by the calendar stays.
 *
 * Defaults: slots of 15 s, periods up to 30 min, no calendar; the gate's as there.
 */
import { errorRatioOf, forgetPending, type GateState, noteGate, sameGate } from './gate.ts';
import {
  type HoltWintersState,
  holtWintersAt,
  initHoltWinters,
  noteHoltWinters,
} from './holt-winters.ts';
import {
  gateOf,
  horizonOf,
  type OutlookConfig,
  type OutlookSettings,
  outlookSettings,
  sameModels,
} from './outlook-config.ts';
import { initProfile, noteProfile, type ProfileState, profileAt } from './profile.ts';
import { initSeason, noteSeason, type Period, repeatAt, type SeasonState } from './season.ts';
import {
  type ClosedSlot,
  initSlots,
  noteSlot,
  positionOf,
  type Sample,
  type SlotState,
} from './slots.ts';
import { initTrend, noteTrend, type TrendState, trendAt } from './trend.ts';

export type ForecasterName = 'trend' | 'season' | 'holt-winters' | 'profile';

export interface Candidate {
  readonly name: ForecasterName;
  /** Null: it says nothing (too little has been seen). */
  readonly value: number | null;
  readonly trusted: boolean;
  /** Its error over that of the naive forecast; null: not known, or the series never changes. */
  readonly errorRatio: number | null;
}

export interface Forecast {
  /** Never negative. Null: nothing has been seen. */
  readonly value: number | null;
  readonly trusted: boolean;
  readonly from: ForecasterName | 'naive';
  /** Of the forecaster that speaks; null for the naive one. */
  readonly errorRatio: number | null;
  /** Its mean absolute error at the horizon, in the unit of the series; null: not known. */
  readonly meanError: number | null;
}

/** Plain JSON. */
export interface OutlookState {
  readonly config: OutlookSettings;
  readonly slots: SlotState;
  readonly newest: ClosedSlot | null;
  readonly trend: TrendState;
  readonly season: SeasonState;
  readonly holtWinters: HoltWintersState | null;
  readonly profile: { readonly slots: SlotState; readonly usual: ProfileState } | null;
  readonly gates: { readonly [name in ForecasterName]: GateState };
}

const NAMES: readonly ForecasterName[] = ['trend', 'season', 'holt-winters', 'profile'];
const MEASURED_HORIZONS = 1.5;
/** Holt-Winters begins anew when the period found differs from its own by more than this share. */
const OTHER_PERIOD = 0.05;

export const outlook = { init, note, forecast, highest, candidates, retune };

function init(config: OutlookConfig): OutlookState {
  const settings = outlookSettings(config);
  const { slotMs, trendSlots, mostPeriodSlots, seasonMs, calendar } = settings;
  const gate = gateOf(settings);
  return {
    config: settings,
    slots: initSlots(slotMs),
    newest: null,
    trend: initTrend({ slots: trendSlots }),
    season: initSeason({ mostSlots: mostPeriodSlots }),
    holtWinters:
      seasonMs === null ? null : initHoltWinters({ seasonSlots: Math.round(seasonMs / slotMs) }),
    profile:
      calendar === null
        ? null
        : {
            slots: initSlots(calendar.slotMs),
            usual: initProfile({ seasonSlots: Math.round(calendar.seasonMs / calendar.slotMs) }),
          },
    gates: { trend: gate, season: gate, 'holt-winters': gate, profile: gate },
  };
}

/** What is no number, negative, or older than what has been noted, changes nothing. */
function note(state: OutlookState, sample: Sample): OutlookState {
  const step = noteSlot(state.slots, sample);
  if (step.state === state.slots) {
    return state;
  }
  const profile = noteCalendar(state.profile, sample);
  if (step.restarted) {
    return { ...restarted(state), slots: step.state, profile };
  }
  return step.closed === null
    ? { ...state, slots: step.state, profile }
    : close({ ...state, slots: step.state, profile }, step.closed);
}

function noteCalendar(profile: OutlookState['profile'], sample: Sample): OutlookState['profile'] {
  if (profile === null) {
    return null;
  }
  const step = noteSlot(profile.slots, sample);
  if (step.restarted) {
    return { slots: step.state, usual: { ...profile.usual, lastSlot: null } };
  }
  if (step.closed === null) {
    return { slots: step.state, usual: profile.usual };
  }
  return { slots: step.state, usual: noteProfile(profile.usual, step.closed) };
}

function restarted(state: OutlookState): OutlookState {
  const anew = init(state.config);
  return { ...anew, gates: mapGates(state.gates, forgetPending), profile: state.profile };
}

function close(state: OutlookState, closed: ClosedSlot): OutlookState {
  const trend = noteTrend(state.trend, closed);
  const season = noteSeason(state.season, closed);
  const holtWinters = nextHoltWinters(state, season, closed);
  const next = { ...state, newest: closed, trend, season, holtWinters };
  const ahead = closed.slot + horizonOf(state.config);
  const gates = mapGates(state.gates, (gate, name) => {
    if (name === 'profile' && state.profile === null) {
      return gate;
    }
    const begun = name === 'holt-winters' && holtWinters !== null && isAnew(state, holtWinters);
    return noteGate(begun ? forgetPending(gate) : gate, closed, said(next, name, ahead));
  });
  return { ...next, gates };
}

function isAnew(before: OutlookState, holtWinters: HoltWintersState): boolean {
  return before.holtWinters?.config.seasonSlots !== holtWinters.config.seasonSlots;
}

function mapGates(
  gates: OutlookState['gates'],
  change: (gate: GateState, name: ForecasterName) => GateState,
): OutlookState['gates'] {
  return {
    trend: change(gates.trend, 'trend'),
    season: change(gates.season, 'season'),
    'holt-winters': change(gates['holt-winters'], 'holt-winters'),
    profile: change(gates.profile, 'profile'),
  };
}

/** With no season told it follows the period found, and learns from what the ring still holds. */
function nextHoltWinters(
  state: OutlookState,
  season: SeasonState,
  closed: ClosedSlot,
): HoltWintersState | null {
  const { holtWinters } = state;
  if (state.config.seasonMs !== null) {
    return holtWinters === null ? null : noteHoltWinters(holtWinters, closed);
  }
  if (season.found === null || !isOtherPeriod(holtWinters, season.found)) {
    return holtWinters === null ? null : noteHoltWinters(holtWinters, closed);
  }
  const size = season.ring.length;
  let anew = initHoltWinters({ seasonSlots: Math.round(season.found.periodSlots) });
  for (let slot = closed.slot - size + 1; slot <= closed.slot; slot += 1) {
    const value = season.ring[((slot % size) + size) % size] as number;
    if (value >= 0) {
      anew = noteHoltWinters(anew, { slot, value });
    }
  }
  return anew;
}

function isOtherPeriod(holtWinters: HoltWintersState | null, { periodSlots }: Period): boolean {
  if (holtWinters === null) {
    return true;
  }
  const own = holtWinters.config.seasonSlots;
  return Math.abs(periodSlots - own) > Math.max(1, OTHER_PERIOD * own);
}

function said(state: OutlookState, name: ForecasterName, position: number): number | null {
  switch (name) {
    case 'trend':
      return trendAt(state.trend, position);
    case 'season':
      return repeatAt(state.season, position);
    case 'holt-winters':
      return state.holtWinters === null ? null : holtWintersAt(state.holtWinters, position);
    case 'profile':
      return usualChange(state, position);
  }
}

function usualChange({ profile, newest, config }: OutlookState, position: number): number | null {
  if (profile === null || newest === null) {
    return null;
  }
  const { slotMs } = profile.slots;
  const onCalendar = (slot: number) =>
    profileAt(profile.usual, positionOf(slotMs, (slot + 0.5) * config.slotMs));
  const then = onCalendar(position);
  const now = onCalendar(newest.slot);
  return then === null || now === null ? null : Math.max(0, newest.value + then - now);
}

/** For the moment `atMs`, by the best forecaster that may be believed. */
function forecast(state: OutlookState, atMs: number): Forecast {
  return speak(state, [positionOf(state.config.slotMs, atMs)]);
}

/** The highest of three moments from `fromMs` to `toMs`, by one forecaster. */
function highest(state: OutlookState, fromMs: number, toMs: number): Forecast {
  const { slotMs } = state.config;
  const moments = [fromMs, (fromMs + toMs) / 2, toMs];
  return speak(
    state,
    moments.map((atMs) => positionOf(slotMs, atMs)),
  );
}

function speak(state: OutlookState, positions: readonly number[]): Forecast {
  const { newest } = state;
  const now = newest?.value ?? openMean(state.slots);
  const naive = { value: now, trusted: false, from: 'naive', errorRatio: null } as const;
  const furthest = Math.max(...positions);
  const measured = MEASURED_HORIZONS * horizonOf(state.config);
  if (newest === null || !(furthest - newest.slot <= measured)) {
    return { ...naive, meanError: null };
  }
  const name = mostTrusted(state.gates);
  const values = name === null ? [] : positions.map((position) => said(state, name, position));
  const known = values.filter((value) => value !== null);
  if (name === null || known.length < positions.length) {
    return { ...naive, meanError: null };
  }
  const gate = state.gates[name];
  return {
    value: Math.max(...known),
    trusted: true,
    from: name,
    errorRatio: errorRatioOf(gate),
    meanError: gate.long.model,
  };
}

function openMean({ sum, count }: SlotState): number | null {
  return count > 0 ? sum / count : null;
}

function mostTrusted(gates: OutlookState['gates']): ForecasterName | null {
  let best: ForecasterName | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const name of NAMES) {
    const gate = gates[name];
    const ratio = gate.trusted ? errorRatioOf(gate) : null;
    if (ratio !== null && ratio < least) {
      best = name;
      least = ratio;
    }
  }
  return best;
}

/** Every forecaster's word and standing, for those who want to see why. */
function candidates(state: OutlookState, atMs: number): readonly Candidate[] {
  const position = positionOf(state.config.slotMs, atMs);
  return NAMES.map((name) => ({
    name,
    value: said(state, name, position),
    trusted: state.gates[name].trusted,
    errorRatio: errorRatioOf(state.gates[name]),
  }));
}

/**
 * What has been learned stays where it still fits: a new horizon voids the errors measured at the
 * old one, new slots or periods void the forecasters.
 */
function retune(state: OutlookState, config: OutlookConfig): OutlookState {
  const settings = outlookSettings(config);
  if (!sameModels(state.config, settings)) {
    return init(config);
  }
  const gate = gateOf(settings);
  const isSame = sameGate(state.gates.trend, gate);
  const gates = isSame ? state.gates : mapGates(state.gates, () => gate);
  return { ...state, config: settings, gates };
}

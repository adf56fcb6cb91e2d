/**
 * How long a replica takes from being asked for to serving, learned from counts alone.
 *
 *     begins   applied grew, or more are starting than are known of     since the last look
 *     serves   ready grew                      the oldest known ones, half-way since the last look
 *     eta      = third quartile of the last 32 start times
 *
 * A request goes out right after a law's step, so a start is dated back to the look before it was
 * seen. When exactly a replica began to serve between two looks is not known: the middle is taken,
 * and none is learned across a gap of more than a minute. One start time is noted per batch and
 * look, so that one large batch does not outvote the rest. Readiness that flickers is no start:
 * only what was asked for, or was seen starting, is.
 *
 * Those that were starting when the first look came began at an unknown time, and those that take
 * more than four times as long as usual (or half an hour) are stuck: neither teaches anything, and
 * stuck ones are not counted on.
 *
 * Plain JSON and bounded. Impossible figures and a repeated instant change nothing; a clock that
 * goes back forgets when the pending ones began.
 */
import { isMeasure } from '../numbers.ts';

/** Plain JSON. */
export interface StartupState {
  readonly lastMs: number | null;
  readonly applied: number;
  readonly ready: number;
  /** Began before the first look (or before the clock went back): serve first, teach nothing. */
  readonly older: number;
  /** When those were first seen. */
  readonly olderMs: number;
  /** Began at a known time, oldest first. */
  readonly pending: readonly PendingStart[];
  /** Long overdue. */
  readonly stuck: number;
  /** Observed, newest last. */
  readonly timesMs: readonly number[];
  /** Their third quartile; null: none yet. */
  readonly usualMs: number | null;
}

interface PendingStart {
  readonly atMs: number;
  readonly count: number;
}

/** One look at the platform. */
export interface StartupLook {
  readonly nowMs: number;
  /** Asked for: ready, starting and to be started. */
  readonly applied: number;
  readonly ready: number;
  readonly starting: number;
}

const MOST_TIMES = 32;
const MOST_PENDING = 16;
const LONGEST_GAP_MS = 60_000;
const STUCK_AFTER_MS = 1_800_000;
const STUCK_TIMES = 4;
/** Nothing is stuck sooner than this, however fast the others were. */
const STUCK_AT_LEAST_MS = 60_000;
const QUARTILE = 0.75;

const NOTHING_SEEN: StartupState = {
  lastMs: null,
  applied: 0,
  ready: 0,
  older: 0,
  olderMs: 0,
  pending: [],
  stuck: 0,
  timesMs: [],
  usualMs: null,
};

export function initStartup(): StartupState {
  return NOTHING_SEEN;
}

export function noteStartup(state: StartupState, look: StartupLook): StartupState {
  const { nowMs, applied, ready, starting } = look;
  const sane = isMeasure(applied) && isMeasure(ready) && isMeasure(starting);
  if (!sane || !Number.isFinite(nowMs) || nowMs === state.lastMs) {
    return state;
  }
  if (state.lastMs === null || nowMs < state.lastMs) {
    // Whatever is starting did so at a time that is not known.
    const begun = { older: starting, olderMs: nowMs, pending: [], stuck: 0 };
    return { ...state, lastMs: nowMs, applied, ready, ...begun };
  }
  return turn(state, state.lastMs, look);
}

function turn(state: StartupState, lastMs: number, look: StartupLook): StartupState {
  const { nowMs, applied, ready, starting } = look;
  const asked = Math.max(0, applied - state.applied);
  const known = state.older + state.stuck + countOf(state.pending) + asked;
  // More than is known of: readiness that came back.
  const gained = Math.min(known, Math.max(0, ready - state.ready));
  const unexplained = Math.max(0, starting - (known - gained));
  const line: Line = {
    older: state.older,
    pending: joined(state.pending, lastMs, asked + unexplained),
    stuck: state.stuck,
  };
  // Fewer are on their way than were known: requests taken back, the newest first.
  const due = Math.max(applied - ready, starting, 0) + gained;
  const surplus = known - due;
  const rest = surplus > 0 ? withoutNewest(line, surplus) : line;
  const served = withoutOldest(rest, gained);
  const middleMs = (lastMs + nowMs) / 2;
  const learned = nowMs - lastMs <= LONGEST_GAP_MS ? served.beganMs : [];
  let { timesMs, usualMs } = state;
  if (learned.length > 0) {
    timesMs = [...timesMs, ...learned.map((atMs) => middleMs - atMs)].slice(-MOST_TIMES);
    usualMs = quartile(timesMs);
  }
  const { older, pending, stuck } = withOverdue(served.line, state.olderMs, nowMs, usualMs);
  const { olderMs } = state;
  return { lastMs: nowMs, applied, ready, older, olderMs, pending, stuck, timesMs, usualMs };
}

/** All that are on their way, in the order in which they are expected. */
interface Line {
  readonly older: number;
  readonly pending: readonly PendingStart[];
  readonly stuck: number;
}

function countOf(pending: readonly PendingStart[]): number {
  let count = 0;
  for (const batch of pending) {
    count += batch.count;
  }
  return count;
}

/** More batches than are kept apart: the newest takes up the next. */
function joined(
  pending: readonly PendingStart[],
  atMs: number,
  count: number,
): readonly PendingStart[] {
  if (count === 0) {
    return pending;
  }
  if (pending.length < MOST_PENDING) {
    return [...pending, { atMs, count }];
  }
  const last = pending.at(-1) as PendingStart;
  return [...pending.slice(0, -1), { atMs: last.atMs, count: last.count + count }];
}

function withoutNewest(line: Line, count: number): Line {
  const stuck = Math.max(0, line.stuck - count);
  let left = count - (line.stuck - stuck);
  const pending = [...line.pending];
  while (left > 0 && pending.length > 0) {
    const batch = pending.pop() as PendingStart;
    if (batch.count > left) {
      pending.push({ atMs: batch.atMs, count: batch.count - left });
    }
    left = Math.max(0, left - batch.count);
  }
  return { older: Math.max(0, line.older - left), pending, stuck };
}

const NONE: readonly number[] = [];

function withoutOldest(
  line: Line,
  count: number,
): { readonly line: Line; readonly beganMs: readonly number[] } {
  if (count === 0) return { line, beganMs: NONE };
  const older = Math.max(0, line.older - count);
  let left = count - (line.older - older);
  const beganMs: number[] = [];
  const pending = [...line.pending];
  while (left > 0 && pending.length > 0) {
    const batch = pending.shift() as PendingStart;
    beganMs.push(batch.atMs);
    if (batch.count > left) {
      pending.unshift({ atMs: batch.atMs, count: batch.count - left });
    }
    left = Math.max(0, left - batch.count);
  }
  return { line: { older, pending, stuck: Math.max(0, line.stuck - left) }, beganMs };
}

function withOverdue(line: Line, olderMs: number, nowMs: number, usualMs: number | null): Line {
  const patienceMs =
    usualMs === null
      ? STUCK_AFTER_MS
      : Math.min(STUCK_AFTER_MS, Math.max(STUCK_AT_LEAST_MS, STUCK_TIMES * usualMs));
  const older = nowMs - olderMs <= patienceMs ? line.older : 0;
  const isDue = (batch: PendingStart) => nowMs - batch.atMs <= patienceMs;
  const pending = line.pending.every(isDue) ? line.pending : line.pending.filter(isDue);
  const overdue = line.older - older + countOf(line.pending) - countOf(pending);
  return { older, pending, stuck: line.stuck + overdue };
}

/** Nearest rank, of at least one. By insertion: no sort is faster on so few. */
function quartile(timesMs: readonly number[]): number {
  const sorted = timesMs.slice();
  for (let index = 1; index < sorted.length; index += 1) {
    const timeMs = sorted[index] as number;
    let at = index;
    for (; at > 0 && (sorted[at - 1] as number) > timeMs; at -= 1) {
      sorted[at] = sorted[at - 1] as number;
    }
    sorted[at] = timeMs;
  }
  return sorted[Math.ceil(QUARTILE * sorted.length) - 1] as number;
}

/** Time after which three of four replicas serve; `fallbackMs` until a first one was seen. */
export function etaMs(state: StartupState, fallbackMs: number): number {
  return state.usualMs ?? fallbackMs;
}

/** How many are on their way and not long overdue. */
export function onTheirWay(state: StartupState): number {
  return state.older + countOf(state.pending);
}

/** How many of those on their way should serve within `withinMs` from the last look. */
export function servingWithin(
  state: StartupState,
  horizon: { readonly withinMs: number; readonly fallbackMs: number },
): number {
  const usualMs = etaMs(state, horizon.fallbackMs);
  let count = state.older;
  for (const batch of state.pending) {
    const ageMs = (state.lastMs ?? batch.atMs) - batch.atMs;
    if (usualMs - ageMs <= horizon.withinMs) {
      count += batch.count;
    }
  }
  return count;
}

/** The functions above as one thing to hand on. */
export const startupEstimator = {
  init: initStartup,
  noteStartup,
  etaMs,
  onTheirWay,
  servingWithin,
};

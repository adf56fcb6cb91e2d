/**
 * Which limits a schedule gives at an instant, and until when they are sure to stay.
 *
 *     local time   ----|==========|------         window 08:00 - 18:00
 *     least        --|############|------         from lead before it opens until it closes
 *     most         ----|##########|------         while it is open
 *
 * Of windows that overlap the highest least and the lowest most count; a most below the least is
 * raised to it. What is otherwise counts while none is open.
 *
 * In spring an edge at a time that does not exist is at the next instant that does; in autumn one
 * at a time that comes twice is at the first (see local-time.ts). A window that falls into the
 * hour that is left out altogether does not open, and has no lead.
 */
import { type FreezeWindow, isFrozenAt } from '../../../guards/freeze-window.ts';
import { steadyLocalMs } from '../../../guards/local-time.ts';
import type { ScheduleSettings } from './schedule-config.ts';

/** Plain JSON. */
export interface LimitsNow {
  readonly min: number;
  /** Null: none. */
  readonly max: number | null;
  /** Windows that are open, and windows whose lead has begun. */
  readonly open: number;
  readonly leading: number;
  /** The same holds from the one instant to just before the other. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** No zone has stepped further at once in this century. */
const LONGEST_STEP_MS = 3 * 3_600_000;

export function limitsAt(settings: ScheduleSettings, instantMs: number): LimitsNow {
  const atMs = Math.floor(instantMs);
  let untilMs = atMs + DAY_MS;
  let min = 0;
  let max: number | null = null;
  let open = 0;
  let leading = 0;
  for (const { span, ...limits } of settings.spans) {
    const now = spanAt(span, atMs, settings.leadMs);
    untilMs = Math.min(untilMs, now.untilMs);
    if (now.phase !== 'closed') {
      min = Math.max(min, limits.min);
    }
    if (now.phase === 'open') {
      open += 1;
      max = lower(max, limits.max);
    }
    leading += now.phase === 'leading' ? 1 : 0;
  }
  if (open === 0) {
    min = Math.max(min, settings.otherwise.min);
    max = settings.otherwise.max;
  }
  max = max === null ? null : Math.max(min, max);
  return { min, max, open, leading, fromMs: atMs, untilMs };
}

function lower(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

interface SpanNow {
  readonly phase: 'open' | 'leading' | 'closed';
  /** The phase may change then, and does not before. */
  readonly untilMs: number;
}

function spanAt(span: FreezeWindow, atMs: number, leadMs: number): SpanNow {
  if (isFrozenAt(span, atMs)) {
    return { phase: 'open', untilMs: nextAt(span.zone, atMs, minuteOfWeek(span.to)) };
  }
  const opensMs = nextAt(span.zone, atMs, minuteOfWeek(span.from));
  if (opensMs - leadMs > atMs) {
    return { phase: 'closed', untilMs: opensMs - leadMs };
  }
  const opens = isFrozenAt(span, opensMs);
  return { phase: opens ? 'leading' : 'closed', untilMs: opensMs };
}

function minuteOfWeek(point: { readonly day: number; readonly minute: number }): number {
  return (point.day - 1) * 1_440 + point.minute;
}

/** The first instant after this one at which the wall clock passes this minute of the week. */
function nextAt(zone: string, atMs: number, minute: number): number {
  const local = steadyLocalMs(zone, atMs);
  const sinceMonday = (local + 3 * DAY_MS) % WEEK_MS;
  const distance = minute * MINUTE_MS - sinceMonday;
  const waitMs = distance > 0 ? distance : distance + WEEK_MS;
  const target = local + waitMs;
  const guess = atMs + waitMs;
  // Nearly always no change of the clock lies between: the guess is right.
  if (steadyLocalMs(zone, guess) === target && steadyLocalMs(zone, guess - 1) < target) {
    return guess;
  }
  let before = atMs;
  let after = guess + LONGEST_STEP_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (steadyLocalMs(zone, middle) < target) {
      before = middle;
    } else {
      after = middle;
    }
  }
  return after;
}

import { ConfigError, requireThat } from '../../../config.ts';
import { type FreezeWindow, parseFreezeWindow } from '../../../guards/freeze-window.ts';

/** Least and most replicas. Whole numbers. */
export interface ReplicaLimits {
  /** Default 0. */
  readonly min?: number;
  /** Left out: no ceiling. */
  readonly max?: number;
}

export interface ScheduleWindow extends ReplicaLimits {
  /**
   * In the local time of an IANA zone, from inclusive, to exclusive: one stretch of the week,
   * `Mon 08:00 - Fri 18:00 Europe/Berlin`, or the same hours on several days,
   * `Mon-Fri 08:00 - 18:00 Europe/Berlin`, `daily 22:00 - 06:00 UTC` (to the next day).
   */
  readonly when: string;
}

export interface ScheduleConfig {
  readonly windows: readonly ScheduleWindow[];
  /** While no window is open. Default: no limits. */
  readonly otherwise?: ReplicaLimits;
  /** So long before a window opens its least is asked for: the start-up time. Default 0. */
  readonly leadMs?: number;
  /** Nothing is taken away without evidence younger than this. Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

/** One stretch of the week with its limits. Plain JSON. */
export interface ScheduleSpan {
  readonly span: FreezeWindow;
  readonly min: number;
  readonly max: number | null;
}

export interface ScheduleSettings {
  readonly spans: readonly ScheduleSpan[];
  readonly otherwise: { readonly min: number; readonly max: number | null };
  readonly leadMs: number;
  readonly evidenceMaxAgeMs: number;
}

const DAY_MS = 86_400_000;
const MOST_SPANS = 100;

export function scheduleSettings(config: ScheduleConfig): ScheduleSettings {
  const { windows, otherwise = {}, leadMs = 0, evidenceMaxAgeMs = 30_000 } = config;
  const spans = windows.flatMap((window, index) => spansOf(`windows.${index}`, window));
  const few = spans.length > 0 && spans.length <= MOST_SPANS;
  requireThat(few, 'windows', windows.length, `windows of 1 to ${MOST_SPANS} stretches together`);
  requireThat(leadMs >= 0 && leadMs <= DAY_MS, 'leadMs', leadMs, 'from 0 to one day');
  const lasts = Number.isFinite(evidenceMaxAgeMs) && evidenceMaxAgeMs > 0;
  requireThat(lasts, 'evidenceMaxAgeMs', evidenceMaxAgeMs, 'a number above 0');
  return { spans, otherwise: limitsOf('otherwise', otherwise), leadMs, evidenceMaxAgeMs };
}

function spansOf(field: string, window: ScheduleWindow): readonly ScheduleSpan[] {
  const limits = limitsOf(field, window);
  const { when } = window;
  return named(`${field}.when`, when, () =>
    stretches(when).map((stretch) => ({ span: parseFreezeWindow(stretch), ...limits })),
  );
}

function limitsOf(field: string, { min = 0, max }: ReplicaLimits) {
  const least = Number.isSafeInteger(min) && min >= 0;
  requireThat(least, `${field}.min`, min, 'a whole number, at least 0');
  if (max === undefined) {
    return { min, max: null };
  }
  const most = Number.isSafeInteger(max) && max >= min;
  requireThat(most, `${field}.max`, max, `a whole number, at least min (${min})`);
  return { min, max };
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const TIME = String.raw`(\d{1,2}:\d{2})`;
const WHICH = String.raw`(?:(daily)|([a-z]{3})\s*[-–]\s*([a-z]{3}))`;
const DAILY = new RegExp(
  String.raw`^\s*${WHICH}\s+${TIME}\s*(?:[-–]|to)\s*${TIME}\s+(\S+)\s*$`,
  'i',
);

/** The same hours on several days as so many stretches; anything else as it is. */
function stretches(when: string): readonly string[] {
  const match = DAILY.exec(when);
  if (match === null) {
    return [when];
  }
  const [, daily, first = '', last = '', from = '', to = '', zone = ''] = match;
  const start = daily === undefined ? dayOf(when, first) : 0;
  const end = daily === undefined ? dayOf(when, last) : 6;
  const days = ((end - start + 7) % 7) + 1;
  const ends = minutes(to) > minutes(from) ? 0 : 1;
  return Array.from({ length: days }, (_, index) => {
    const day = start + index;
    return `${DAYS[day % 7]} ${from} - ${DAYS[(day + ends) % 7]} ${to} ${zone}`;
  });
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}

function dayOf(when: string, day: string): number {
  const index = DAYS.indexOf(day.toLowerCase());
  requireThat(index >= 0, 'when', when, 'with days Mon, Tue, Wed, Thu, Fri, Sat, Sun');
  return index;
}

/** Names the field and the text the user knows. */
function named<Value>(field: string, when: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new ConfigError(field, when, error.bound);
    }
    throw error;
  }
}

import { ConfigError, requireThat } from '../config.ts';
import { isZone, steadyLocalMs } from './local-time.ts';

/** A point in a local week: day 1 is Monday, 7 Sunday; minute 0 to 1439. */
export interface WeekPoint {
  readonly day: number;
  readonly minute: number;
}

/** A weekly window in local time, from inclusive, to exclusive; it may run over the week's end. */
export interface FreezeWindow {
  readonly from: WeekPoint;
  readonly to: WeekPoint;
  /** IANA name, `Europe/Berlin`. */
  readonly zone: string;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY_MS = 86_400_000;
const WEEK_MINUTES = 7 * 1_440;
const POINT = String.raw`([A-Za-z]{3})\s+(\d{1,2}):(\d{2})`;
const WINDOW = new RegExp(String.raw`^\s*${POINT}\s*(?:-|–|to)\s*${POINT}\s+(\S+)\s*$`);

/** `Fri 18:00 - Mon 06:00 Europe/Berlin`. Throws a ConfigError. */
export function parseFreezeWindow(text: string): FreezeWindow {
  const match = WINDOW.exec(text);
  if (match === null) {
    throw new ConfigError('freeze', text, 'like "Fri 18:00 - Mon 06:00 Europe/Berlin"');
  }
  const [, fromDay = '', fromHour, fromMinute, toDay = '', toHour, toMinute, zone = ''] = match;
  const window = {
    from: weekPoint(text, fromDay, Number(fromHour), Number(fromMinute)),
    to: weekPoint(text, toDay, Number(toHour), Number(toMinute)),
    zone,
  };
  requireThat(isZone(zone), 'freeze', text, 'in an IANA time zone such as Europe/Berlin or UTC');
  const sameEnds = minuteOfWeek(window.from) === minuteOfWeek(window.to);
  requireThat(!sameEnds, 'freeze', text, 'a window whose ends differ');
  return window;
}

/** Whether the window is open at this instant. */
export function isFrozenAt(window: FreezeWindow, atMs: number): boolean {
  if (!Number.isFinite(atMs)) {
    return true;
  }
  const local = steadyLocalMs(window.zone, atMs);
  // 1970-01-01 was a Thursday: day 0 of the epoch is day 3 of a week from Monday.
  const weekMs = (((local + 3 * DAY_MS) % (7 * DAY_MS)) + 7 * DAY_MS) % (7 * DAY_MS);
  const minute = Math.floor(weekMs / 60_000);
  const from = minuteOfWeek(window.from);
  const to = minuteOfWeek(window.to);
  const sinceOpening = (minute - from + WEEK_MINUTES) % WEEK_MINUTES;
  const length = (to - from + WEEK_MINUTES) % WEEK_MINUTES;
  return sinceOpening < length;
}

function weekPoint(text: string, day: string, hour: number, minute: number): WeekPoint {
  const index = DAYS.indexOf(day.toLowerCase());
  requireThat(index >= 0, 'freeze', text, 'with days Mon, Tue, Wed, Thu, Fri, Sat, Sun');
  const isTime = minute < 60 && (hour < 24 || (hour === 24 && minute === 0));
  requireThat(isTime, 'freeze', text, 'with times from 00:00 to 24:00');
  return hour === 24
    ? { day: (index % 7) + 1 === 7 ? 1 : index + 2, minute: 0 }
    : { day: index + 1, minute: hour * 60 + minute };
}

function minuteOfWeek(point: WeekPoint): number {
  return (point.day - 1) * 1_440 + point.minute;
}

/** Wall-clock time in an IANA zone, by the platform's own time-zone data. */

const HOUR_MS = 3_600_000;
/** No zone has ever stepped back further than this at once in this century. */
const LONGEST_STEP_MS = 3 * HOUR_MS;

/** One formatter a zone: making one costs a thousand uses. Bounded by the zones there are. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Throws a RangeError for a zone that does not exist. */
function formatterFor(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) {
    return known;
  }
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(zone, made);
  return made;
}

export function isZone(zone: string): boolean {
  try {
    formatterFor(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) {
      return false;
    }
    throw error;
  }
}

/** The wall clock's reading as if it were UTC. */
function wallClockMs(zone: string, atMs: number): number {
  const parts: { [type: string]: number } = {};
  for (const part of formatterFor(zone).formatToParts(atMs)) {
    parts[part.type] = Number(part.value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const inSecondMs = ((atMs % 1_000) + 1_000) % 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) + inSecondMs;
}

/**
 * The wall clock made to never go back: a local hour that comes twice in autumn stands still the
 * second time, so that what happens at a local time happens once, the first time. In spring it
 * jumps, so that what is due at a time that does not exist is due at the next one that does.
 */
export function steadyLocalMs(zone: string, atMs: number): number {
  const local = wallClockMs(zone, atMs);
  const offset = local - atMs;
  const earlierMs = atMs - LONGEST_STEP_MS;
  const earlierOffset = wallClockMs(zone, earlierMs) - earlierMs;
  if (earlierOffset <= offset) {
    return local;
  }
  let before = earlierMs;
  let after = atMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (wallClockMs(zone, middle) - middle === earlierOffset) {
      before = middle;
    } else {
      after = middle;
    }
  }
  return Math.max(local, before + earlierOffset);
}

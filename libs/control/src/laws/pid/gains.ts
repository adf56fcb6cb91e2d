import { requireAtLeastZero, requireRatio, requireThat } from '../../config.ts';

export interface Gains {
  /** Change of the value per unit of the signal. */
  readonly kp: number;
  /** Per second. */
  readonly ki: number;
  /** Seconds. */
  readonly kd: number;
}

/** One row of a gain schedule: these gains hold where the scheduling variable is `at`. */
export interface GainRow extends Gains {
  readonly at: number;
}

/** Figures beyond are no signals, values or gains of anything; their products still are numbers. */
export const LARGEST = 1e12;

/** More rows than anybody tunes. */
const MOST_ROWS = 16;

/**
 * The gains at a value of the scheduling variable: straight lines between the rows, the outer
 * rows' gains beyond them. Without a table, or before the variable was seen, the base gains.
 */
export function gainsAt(schedule: readonly GainRow[], at: number | null, base: Gains): Gains {
  if (schedule.length === 0 || at === null) {
    return base;
  }
  let above = 0;
  while (above < schedule.length && (schedule[above] as GainRow).at <= at) {
    above += 1;
  }
  const low = schedule[Math.max(0, above - 1)] as GainRow;
  const high = schedule[Math.min(schedule.length - 1, above)] as GainRow;
  const share = high.at > low.at ? (at - low.at) / (high.at - low.at) : 0;
  return {
    kp: low.kp + (high.kp - low.kp) * share,
    ki: low.ki + (high.ki - low.ki) * share,
    kd: low.kd + (high.kd - low.kd) * share,
  };
}

export function sameGains(a: Gains, b: Gains): boolean {
  return a.kp === b.kp && a.ki === b.ki && a.kd === b.kd;
}

/**
 * Time in which what was not applied is tracked back into the integral: never longer than
 * Ti = kp / ki. Without an integral nothing winds up and there is nothing to track.
 */
export function trackingSeconds(gains: Gains, trackingTimeMs: number | null): number {
  const integralTimeS = gains.ki > 0 ? gains.kp / gains.ki : Number.MAX_VALUE;
  return trackingTimeMs === null ? integralTimeS : Math.min(integralTimeS, trackingTimeMs / 1_000);
}

export function requireGains(field: string, gains: Gains): void {
  for (const name of ['kp', 'ki', 'kd'] as const) {
    const gain = gains[name];
    const usable = gain >= 0 && gain <= LARGEST;
    requireThat(usable, `${field}${name}`, gain, `from 0 to ${LARGEST}`);
  }
  requireThat(gains.kp + gains.ki > 0, `${field}kp`, gains.kp, 'above 0 when ki is 0');
}

export function requireSchedule(schedule: readonly GainRow[]): void {
  const few = schedule.length <= MOST_ROWS;
  requireThat(few, 'schedule', schedule.length, `at most ${MOST_ROWS} rows`);
  schedule.forEach((row, index) => {
    const field = `schedule[${index}].`;
    requireGains(field, row);
    requireThat(Number.isFinite(row.at), `${field}at`, row.at, 'a number');
    const before = schedule[index - 1];
    const rising = before === undefined || row.at > before.at;
    requireThat(rising, `${field}at`, row.at, `above the row before (${before?.at})`);
  });
}

/** What the position and the velocity form ask of their configuration alike. */
export function requireShape(config: {
  readonly setpointWeight: number;
  readonly derivativeFilterN: number;
  readonly min: number;
  readonly max: number | null;
  readonly resolution: number;
}): void {
  requireRatio('setpointWeight', config.setpointWeight);
  const n = config.derivativeFilterN;
  requireThat(n >= 1 && n <= 100, 'derivativeFilterN', n, 'from 1 to 100');
  const { min, max } = config;
  requireThat(min >= 0 && min <= LARGEST, 'min', min, `from 0 to ${LARGEST}`);
  const above = max === null || (max >= min && max <= LARGEST);
  requireThat(above, 'max', max, `from min (${min}) to ${LARGEST}`);
  requireAtLeastZero('resolution', config.resolution);
}

/** The nearest position that the actuator has; resolution 0: it has them all. */
export function rounded(wanted: number, resolution: number): number {
  return resolution > 0 ? Math.round(wanted / resolution) * resolution : wanted;
}

export function within(
  limits: { readonly min: number; readonly max: number | null },
  wanted: number,
): number {
  const low = Math.max(limits.min, wanted);
  return limits.max === null ? low : Math.min(limits.max, low);
}

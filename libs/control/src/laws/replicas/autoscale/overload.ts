/**
 * How much of what arrives in an overload is demand, and how much its own echo.
 *
 *     believed = calm + trust (rate - calm)
 *
 * Those who are not served come again, and every try counts as an arrival. `trust` is the share of
 * the excess that was real the last times, learned when an overload is over from what arrives then.
 * What comes on top of the first estimate counts by a third only while what was ordered against it
 * starts: the signal cannot yet show what that does. When nothing is starting and it is still too
 * little, all is believed.
 *
 * A jump seen in one window began somewhere within it, half-way on average: as much again is the
 * guess of what the next window will show.
 */

/** Above it work is cut off by capacity: what was done says less than what was asked for. */
export const SATURATED = 0.92;

const FIRST_TRUST = 0.85;
const LEAST_TRUST = 0.1;
const NEW_SHARE = 0.6;
/** An overload with less growth than this teaches nothing. */
const TEACHES_FROM = 1.2;
const LATER_SHARE = 0.35;
/** A jump is more than this share, and more than so many times the usual difference. */
const JUMP_SHARE = 0.15;
const JUMP_TIMES = 3;

/** Plain JSON. */
export interface Echo {
  readonly trust: number;
  /** Null: there is none. */
  readonly overload: Overload | null;
}

/** Requests per second: before it, as first estimated, and at most as it was counted. */
interface Overload {
  readonly calm: number;
  readonly first: number;
  readonly peak: number;
}

export const NO_ECHO: Echo = { trust: FIRST_TRUST, overload: null };

export interface Noise {
  readonly rate: number;
  readonly utilization: number;
  /** The objective is broken. */
  readonly isStrained: boolean;
  /** The rate before. */
  readonly calm: number;
  /** Mean difference between one window and the next. */
  readonly usualJump: number;
  /** Replicas that were ordered do not serve yet. */
  readonly isStarting: boolean;
}

export interface Heard {
  readonly echo: Echo;
  /** What is believed of the rate. */
  readonly rate: number;
  /** What may follow in the next window. */
  readonly guess: number;
}

export function hear(echo: Echo, noise: Noise): Heard {
  const { rate, utilization } = noise;
  if (utilization >= SATURATED) {
    return echo.overload === null ? begin(echo, noise) : goOn(echo, echo.overload, noise);
  }
  if (echo.overload !== null) {
    return { echo: { trust: trustAfter(echo, rate), overload: null }, rate, guess: 0 };
  }
  const jump = rate - noise.calm;
  const isJump = jump > JUMP_TIMES * noise.usualJump + JUMP_SHARE * noise.calm;
  return { echo, rate, guess: noise.isStrained && isJump ? echo.trust * jump : 0 };
}

function begin(echo: Echo, { rate, calm }: Noise): Heard {
  const excess = Math.max(0, rate - calm) * echo.trust;
  const believed = Math.min(rate, calm + excess);
  const guess = excess * echo.trust;
  const overload = { calm, first: believed + guess, peak: rate };
  return { echo: { ...echo, overload }, rate: believed, guess };
}

function goOn(echo: Echo, overload: Overload, { rate, isStarting }: Noise): Heard {
  const { calm, first } = overload;
  const heard = { ...echo, overload: { ...overload, peak: Math.max(overload.peak, rate) } };
  if (!isStarting || rate <= calm) return { echo: heard, rate, guess: 0 };
  const believed = calm + (rate - calm) * echo.trust;
  const later = believed <= first ? believed : first + (believed - first) * LATER_SHARE;
  return { echo: heard, rate: later, guess: 0 };
}

function trustAfter({ trust, overload }: Echo, rate: number): number {
  if (overload === null || overload.peak <= overload.calm * TEACHES_FROM) return trust;
  const { calm, peak } = overload;
  const real = Math.min(1, Math.max(LEAST_TRUST, (rate - calm) / (peak - calm)));
  return trust + (real - trust) * NEW_SHARE;
}

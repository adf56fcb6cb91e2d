/**
 * How well a loop controlled, in numbers over what it did.
 *
 *     IAE   = sum |error| dt             in the signal's unit times seconds
 *     ITAE  = sum t |error| dt           the same times seconds: late errors weigh more
 *     effort = sum |change of the value|
 *
 * A point holds until the next one; the last one holds for no time. Functions that have nothing to
 * say (no step, not settled) say null, not 0.
 *
 * Source: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, chapter 4.
 */

/** One control period of a run. */
export interface ControlPoint {
  readonly atMs: number;
  readonly setpoint: number;
  readonly measured: number;
  /** The actuator from this instant on. */
  readonly value: number;
}

export type Trajectory = readonly ControlPoint[];

export interface Quality {
  readonly iae: number;
  readonly itae: number;
  readonly overshootRatio: number | null;
  readonly settlingMs: number | null;
  readonly effort: number;
  readonly reversalsPerHour: number;
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

export function iae(points: Trajectory): number {
  return integral(points, () => 1);
}

/** Time counts from the first point. */
export function itae(points: Trajectory): number {
  const startMs = points[0]?.atMs ?? 0;
  return integral(points, (point) => (point.atMs - startMs) / SECOND_MS);
}

function integral(points: Trajectory, weight: (point: ControlPoint) => number): number {
  let total = 0;
  for (let index = 0; index + 1 < points.length; index += 1) {
    const point = points[index] as ControlPoint;
    const untilMs = (points[index + 1] as ControlPoint).atMs;
    const spanS = (untilMs - point.atMs) / SECOND_MS;
    total += weight(point) * Math.abs(point.setpoint - point.measured) * spanS;
  }
  return total;
}

/**
 * How far the signal went past its last setpoint, as a share of the way it had to go from the
 * first point. Null: it had no way to go.
 */
export function overshootRatio(points: Trajectory): number | null {
  const first = points[0];
  if (first === undefined) {
    return null;
  }
  const goal = (points.at(-1) as ControlPoint).setpoint;
  const way = goal - first.measured;
  if (way === 0) {
    return null;
  }
  const farthest = points.reduce((most, point) => Math.max(most, (point.measured - goal) / way), 0);
  return farthest;
}

/**
 * Time from the first point until the signal stays within `within` (in the signal's unit) of its
 * setpoint to the end. Null: it does not, or there are no points.
 */
export function settlingMs(points: Trajectory, within: number): number | null {
  const last = points.findLastIndex(
    (point) => !(Math.abs(point.measured - point.setpoint) <= within),
  );
  const settled = points[last + 1];
  return settled === undefined ? null : settled.atMs - (points[0] as ControlPoint).atMs;
}

export function effort(points: Trajectory): number {
  return changes(points).reduce((sum, change) => sum + Math.abs(change), 0);
}

/** Changes of direction; standing still between two moves makes no difference. */
export function reversalsPerHour(points: Trajectory): number {
  const spanMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0);
  if (spanMs === 0) {
    return 0;
  }
  const moves = changes(points).filter((change) => change !== 0);
  const reversals = moves.filter(
    (move, index) => index > 0 && Math.sign(move) !== Math.sign(moves[index - 1] as number),
  );
  return (reversals.length * HOUR_MS) / spanMs;
}

function changes(points: Trajectory): readonly number[] {
  return points.slice(1).map((point, index) => point.value - (points[index] as ControlPoint).value);
}

/** `within`: the distance from the setpoint that counts as settled, in the signal's unit. */
export function qualityOf(points: Trajectory, within: number): Quality {
  return {
    iae: iae(points),
    itae: itae(points),
    overshootRatio: overshootRatio(points),
    settlingMs: settlingMs(points, within),
    effort: effort(points),
    reversalsPerHour: reversalsPerHour(points),
  };
}

/**
 * Where more than two and a half steps lie between two points nothing is known: an empty point is
 * put there, so that a chart breaks its line instead of drawing as if nothing had happened.
 */
export function withGaps<T extends { atMs: number }>(
  points: readonly T[],
  stepMs: number,
  empty: (atMs: number) => T,
): T[] {
  const filled: T[] = [];
  for (const point of points) {
    const last = filled.at(-1);
    if (last && point.atMs - last.atMs > 2.5 * stepMs) filled.push(empty(last.atMs + stepMs));
    filled.push(point);
  }
  return filled;
}

/** The usual distance between points: their median, which gaps do not move. */
export function usualStepMs(points: readonly { atMs: number }[]): number {
  const steps: number[] = [];
  for (let i = 1; i < points.length; i++) steps.push(points[i]!.atMs - points[i - 1]!.atMs);
  steps.sort((a, b) => a - b);
  return Math.max(1, steps[steps.length >> 1] ?? 1);
}

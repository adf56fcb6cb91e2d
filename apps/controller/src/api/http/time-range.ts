import type { TimeRange } from '@flyball/contract';
import { ApiException } from './errors.ts';

const HOUR_MS = 3_600_000;
const LONGEST_MS = 100 * 24 * HOUR_MS;

/** Both ends of a query's range; the last hour unless told otherwise. */
export function rangeOf(query: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  const toMs = query.toMs ?? nowMs;
  const fromMs = query.fromMs ?? toMs - HOUR_MS;
  if (fromMs >= toMs) {
    throw new ApiException(400, 'bad-request', `fromMs (${fromMs}) must be before toMs (${toMs})`);
  }
  if (toMs - fromMs > LONGEST_MS) {
    throw new ApiException(400, 'bad-request', 'a range may span 100 days at most');
  }
  return { fromMs, toMs };
}

/** A step that gives at most `points` points, of a length people read easily. */
export function stepFor(rangeMs: number, points: number): number {
  const steps = [10, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 24 * 3600];
  const wanted = rangeMs / points / 1000;
  return (steps.find((step) => step >= wanted) ?? 24 * 3600) * 1000;
}

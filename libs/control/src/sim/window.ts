import { mean } from '../numbers.ts';
import type { PlantFigures } from './plant.ts';

/** What a controller is shown of the last spans: never the present instant, never one span. */
export interface Measurement {
  readonly utilization: number;
  /** Null without requests. */
  readonly p99Ms: number | null;
  readonly errorRatio: number | null;
  readonly rejectRatio: number | null;
  readonly offeredPerSecond: number;
}

/** `spans` of `spanMs` each, oldest first, at least one. */
export function measure(spans: readonly PlantFigures[], spanMs: number): Measurement {
  const total = (figure: (span: PlantFigures) => number) =>
    spans.reduce((sum, span) => sum + figure(span), 0);
  const offered = total((span) => span.offered);
  const rejected = total((span) => span.rejected);
  const admitted = offered - rejected;
  return {
    utilization: mean(spans.map((span) => span.utilization)),
    p99Ms: quantile(
      spans.flatMap((span) => span.latenciesMs),
      0.99,
    ),
    errorRatio: admitted > 0 ? total((span) => span.timedOut) / admitted : null,
    rejectRatio: offered > 0 ? rejected / offered : null,
    offeredPerSecond: offered / ((spans.length * spanMs) / 1_000),
  };
}

/** Nearest rank; null for no values. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

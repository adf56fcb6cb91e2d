import type { Mode } from '@flyball/contract';

/** Requests a service answered in a stretch of time. */
export interface RedFigures {
  readonly count: number;
  readonly errors: number;
  readonly p99Ms: number | null;
}

/** Calls to one dependency in the last five minutes. */
export interface DependencyFigures {
  readonly callee: string;
  readonly count: number;
  readonly errors: number;
}

/** The last tick of one loop. */
export interface LoopFigures {
  readonly loop: string;
  readonly atMs: number;
  readonly reason: string;
  readonly text: string;
  readonly autonomy: string;
}

/**
 * Everything the overview and the matrix tell of one service. Arrays have one value a minute over
 * the last hour, oldest first; null is "no data".
 */
export interface ServiceFigures {
  readonly service: string;
  /** The last full minute of buckets; null: no request in it. */
  readonly now: RedFigures | null;
  readonly minutes: readonly (RedFigures | null)[];
  readonly saturation: readonly (number | null)[];
  readonly dependencies: readonly DependencyFigures[];
  /** Error ratio of the worst dependency. */
  readonly dependencyErrors: readonly (number | null)[];
  readonly modes: readonly (Mode | null)[];
  readonly loops: readonly LoopFigures[];
  readonly instances: number;
  /** Over the objective's window, as far back as telemetry is kept. */
  readonly slo: { readonly total: number; readonly errors: number };
  readonly lastHour: { readonly total: number; readonly errors: number };
}

export interface Figures {
  readonly fromMs: number;
  readonly toMs: number;
  readonly services: readonly ServiceFigures[];
  /** End of the newest bucket of any service; null: nothing was ever measured. */
  readonly newestMs: number | null;
}

export const MINUTES = 60;
export const MINUTE_MS = 60_000;

/** Null where there was nothing to divide. */
export function errorRatioOf(figures: RedFigures | DependencyFigures | null): number | null {
  return figures === null || figures.count === 0 ? null : figures.errors / figures.count;
}

/**
 * How fast the error budget burns.
 *
 *     burn rate = error ratio / (1 - objective)          1: the budget lasts exactly its window
 *
 * An alert fires when both of its windows burn at its factor or above: the long one says that it
 * matters, the short one that it still goes on. Alerts of one severity are alternatives.
 *
 * Defaults (Google, The Site Reliability Workbook, chapter 5), shares of a 30-day budget:
 * page at 14.4 on 1 h and 5 m (2 %) or 6 on 6 h and 30 m (5 %); ticket at 3 on 1 d and 2 h (10 %)
 * or 1 on 3 d and 6 h (10 %). A quiet service needs `minEvents` in the short window, or one error
 * in two requests would page.
 */
import { requireAtLeastZero, requireThat } from '../config.ts';
import { isMeasure, tidy } from '../numbers.ts';

/** Events in one look-back window that ends now. */
export interface WindowCounts {
  readonly windowMs: number;
  readonly total: number;
  readonly errors: number;
}

export interface BurnAlert {
  readonly severity: 'page' | 'ticket';
  readonly longMs: number;
  readonly shortMs: number;
  readonly factor: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const DEFAULT_BURN_ALERTS: readonly BurnAlert[] = [
  { severity: 'page', longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, factor: 14.4 },
  { severity: 'page', longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, factor: 6 },
  { severity: 'ticket', longMs: DAY_MS, shortMs: 2 * HOUR_MS, factor: 3 },
  { severity: 'ticket', longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS, factor: 1 },
];

export interface BurnInput {
  /** 0.999 for 99.9 %. */
  readonly objective: number;
  /** A window that an alert asks for and that is missing here keeps it from firing. */
  readonly windows: readonly WindowCounts[];
  readonly alerts?: readonly BurnAlert[];
  /** Events the short window needs before an alert may fire. Default 20. */
  readonly minEvents?: number;
}

export interface FiringBurnAlert extends BurnAlert {
  readonly longRate: number;
  readonly shortRate: number;
}

export interface BurnVerdict {
  readonly page: boolean;
  readonly ticket: boolean;
  readonly firing: readonly FiringBurnAlert[];
  /** Burn rate per window; null: no events in it, or impossible counts. */
  readonly rates: readonly { readonly windowMs: number; readonly rate: number | null }[];
}

export interface BudgetInput {
  readonly objective: number;
  /** The objective's window, for example 30 days; the counts are of the whole of it. */
  readonly windowMs: number;
  readonly total: number;
  readonly errors: number;
  /** The present burn rate, for the forecast; null: not known. */
  readonly burnRate: number | null;
}

export interface Budget {
  /** Share of the budget left; negative when overdrawn; 1 when there was no traffic. */
  readonly remainingRatio: number;
  /** At the present burn rate; null when it is not shrinking; 0 when it is gone. */
  readonly timeToExhaustionMs: number | null;
}

/**
 * Throws a ConfigError for an objective outside (0, 1). A window with impossible counts (NaN,
 * negative, more errors than events) has no rate, and keeps its alerts from firing.
 */
export function evaluateBurn(input: BurnInput): BurnVerdict {
  const { objective, windows, alerts = DEFAULT_BURN_ALERTS, minEvents = 20 } = input;
  requireObjective(objective);
  requireAtLeastZero('minEvents', minEvents);
  const firing = alerts.flatMap((alert): FiringBurnAlert[] => {
    const long = windows.find((window) => window.windowMs === alert.longMs);
    const short = windows.find((window) => window.windowMs === alert.shortMs);
    const longRate = burnRateOf(objective, long);
    const shortRate = burnRateOf(objective, short);
    if (longRate === null || shortRate === null || (short?.total ?? 0) < minEvents) {
      return [];
    }
    const fires = longRate >= alert.factor && shortRate >= alert.factor;
    return fires ? [{ ...alert, longRate, shortRate }] : [];
  });
  return {
    page: firing.some((alert) => alert.severity === 'page'),
    ticket: firing.some((alert) => alert.severity === 'ticket'),
    firing,
    rates: windows.map((window) => ({
      windowMs: window.windowMs,
      rate: burnRateOf(objective, window),
    })),
  };
}

/** Throws a ConfigError for figures that are no counts: an error is not a zero. */
export function errorBudget(input: BudgetInput): Budget {
  const { objective, windowMs, total, errors, burnRate } = input;
  requireObjective(objective);
  requireAtLeastZero('total', total);
  requireAtLeastZero('errors', errors);
  requireThat(errors <= total, 'errors', errors, `at most the total (${total})`);
  const spentRatio = total > 0 ? errors / total / (1 - objective) : 0;
  const remainingRatio = tidy(1 - spentRatio);
  if (remainingRatio <= 0) {
    return { remainingRatio, timeToExhaustionMs: 0 };
  }
  const burning = isMeasure(burnRate) && burnRate > 0;
  return {
    remainingRatio,
    timeToExhaustionMs: burning ? (remainingRatio * windowMs) / burnRate : null,
  };
}

function burnRateOf(objective: number, counts: WindowCounts | undefined): number | null {
  if (counts === undefined || !isMeasure(counts.errors) || !isMeasure(counts.total)) {
    return null;
  }
  const { total, errors } = counts;
  return total > 0 && errors <= total ? tidy(errors / total / (1 - objective)) : null;
}

function requireObjective(objective: number): void {
  const inside = objective > 0 && objective < 1;
  requireThat(inside, 'objective', objective, 'between 0 and 1, for example 0.999');
}

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

export interface BurnInput {
  /** 0.999 for 99.9 %. */
  readonly objective: number;
  readonly windows: readonly WindowCounts[];
  readonly alerts?: readonly BurnAlert[];
  /** Events the short window needs before an alert may fire. Default 20. */
  readonly minEvents?: number;
}

export interface BurnVerdict {
  readonly page: boolean;
  readonly ticket: boolean;
  readonly firing: readonly (BurnAlert & {
    readonly longRate: number;
    readonly shortRate: number;
  })[];
  /** Burn rate per window; null: no events in it. */
  readonly rates: readonly { readonly windowMs: number; readonly rate: number | null }[];
}

export interface BudgetInput {
  readonly objective: number;
  /** The objective's window, for example 30 days. */
  readonly windowMs: number;
  readonly total: number;
  readonly errors: number;
  /** The present burn rate, for the forecast. */
  readonly burnRate: number | null;
}

export interface Budget {
  /** Share of the budget left; negative when overdrawn; 1 when there was no traffic. */
  readonly remainingRatio: number;
  /** At the present burn rate; null when it is not shrinking; 0 when it is gone. */
  readonly timeToExhaustionMs: number | null;
}

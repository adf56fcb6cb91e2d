import { requirePositive, requireThat } from '../../../config.ts';
import {
  CALENDARS,
  type OutlookConfig,
  type OutlookSettings,
  outlookSettings,
} from '../../../forecast/outlook-config.ts';

export interface PredictiveConfig {
  /** Start-up time of a replica, until the law has seen some start. Default 30 s. */
  readonly etaMs?: number;
  /** Time from one decision to the next, for the same reason. Default 15 s. */
  readonly everyMs?: number;
  /** rho, the utilisation to run at, above 0, at most 1. Default 0.7. */
  readonly utilization?: number;
  /** The cost per request is averaged over this time. Default 2 min. */
  readonly costTauMs?: number;
  /** Above this utilisation the cost may be learned to be higher, never lower. Default 0.9. */
  readonly saturated?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
  /** Watch what is usual at this time of the day, or of the week. Default: neither. */
  readonly calendar?: keyof typeof CALENDARS;
  /** See `forecast/outlook.ts`; its horizon is `etaMs` and `everyMs` together. */
  readonly forecast?: Omit<OutlookConfig, 'horizonMs'>;
}

export type PredictiveSettings = Required<Omit<PredictiveConfig, 'forecast' | 'calendar'>> & {
  readonly forecast: OutlookSettings;
};

/** Throws a ConfigError that names the field. */
export function predictiveSettings(config: PredictiveConfig): PredictiveSettings {
  const {
    etaMs = 30_000,
    everyMs = 15_000,
    utilization = 0.7,
    costTauMs = 120_000,
    saturated = 0.9,
    evidenceMaxAgeMs = 30_000,
    calendar,
    forecast = {},
  } = config;
  requirePositive('etaMs', etaMs);
  requirePositive('everyMs', everyMs);
  requireThat(
    utilization > 0 && utilization <= 1,
    'utilization',
    utilization,
    'above 0, at most 1',
  );
  requirePositive('costTauMs', costTauMs);
  requireThat(saturated > 0 && saturated <= 1, 'saturated', saturated, 'above 0, at most 1');
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  const known = calendar === undefined || Object.hasOwn(CALENDARS, calendar);
  requireThat(known, 'calendar', calendar, 'day or week');
  const season = calendar === undefined ? {} : { calendar: CALENDARS[calendar] };
  const settings = outlookSettings({ ...forecast, ...season, horizonMs: etaMs + everyMs });
  return {
    etaMs,
    everyMs,
    utilization,
    costTauMs,
    saturated,
    evidenceMaxAgeMs,
    forecast: settings,
  };
}

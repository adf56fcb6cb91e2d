import { etaMs, type StartupState } from '../../../measure/startup.ts';
import type { Served } from '../../pid/served.ts';
import type { AutoscaleSettings } from './config.ts';
import type { Demand } from './demand.ts';
import type { Doubt } from './doubt.ts';
import type { Need } from './needs.ts';
import type { Echo } from './overload.ts';
import type { SafeUtilization } from './safe-utilization.ts';
import type { Seen } from './seen.ts';

/** What the default law remembers. Plain JSON. */
export interface AutoscaleState {
  readonly settings: AutoscaleSettings;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
  /** When what is applied last changed, or was first seen. */
  readonly changedMs: number | null;
  /** End of the newest window that was learned from. */
  readonly evidenceMs: number | null;
  readonly served: Served;
  readonly startup: StartupState;
  /** Until when the newest replicas are cold. */
  readonly coldUntilMs: number;
  readonly demand: Demand;
  /** Replica-seconds per request; null before the first figure. */
  readonly cost: number | null;
  /** Usual time inside, milliseconds, by Little's law, in quiet times. */
  readonly insideMs: number | null;
  readonly safe: SafeUtilization;
  readonly trim: number;
  /** Log of how much worse latency is with cold replicas. */
  readonly harm: number;
  readonly echo: Echo;
  readonly doubt: Doubt;
  /** What was needed lately, oldest first. */
  readonly needs: readonly Need[];
}

/** From the middle of the newest window to when an order of now is ready. */
export function horizonMs(state: AutoscaleState, { nowMs, untilMs, windowMs }: Seen): number {
  return nowMs - untilMs + windowMs / 2 + startupMs(state);
}

/** From an order to readiness, as measured so far. */
export function startupMs({ startup, settings }: AutoscaleState): number {
  return etaMs(startup, settings.startupMs);
}

/** After a clock that went back by `byMs`: all that is remembered is as old as it was. */
export function rebased(state: AutoscaleState, byMs: number): AutoscaleState {
  const back = (atMs: number | null) => (atMs === null ? null : atMs - byMs);
  return {
    ...state,
    changedMs: back(state.changedMs),
    evidenceMs: back(state.evidenceMs),
    coldUntilMs: state.coldUntilMs - byMs,
    served: state.served.map((one) => ({ ...one, atMs: one.atMs - byMs })),
    demand: { ...state.demand, untilMs: back(state.demand.untilMs) },
    doubt: { ...state.doubt, sinceMs: back(state.doubt.sinceMs) },
    needs: state.needs.map((need) => ({
      ...need,
      atMs: need.atMs - byMs,
      ...(need.fromMs === undefined ? {} : { fromMs: need.fromMs - byMs }),
    })),
  };
}

/** What the default law learns from one window of telemetry. */
import { costOf, LEAST_RATE, soberCost } from '../cost.ts';
import { noteDemand } from './demand.ts';
import { SATURATED } from './overload.ts';
import { isFlat, learnSafe, meanStrainAt } from './safe-utilization.ts';
import type { Believed, Seen } from './seen.ts';
import { type AutoscaleState, horizonMs } from './state.ts';

const COST_TAU_MS = 60_000;
const INSIDE_TAU_MS = 300_000;
/** Windows are at least this far apart; a nearer one is the same, seen again. */
const SAME_WINDOW_MS = 500;
const HARM_NEW_SHARE = 0.1;
const TRIM_GAIN_PER_S = 0.002;
const TRIM_TAU_MS = 300_000;
const MOST_TRIM = 0.5;

/** Each window teaches once. `heard` is kept in any case. */
export function learn(
  state: AutoscaleState,
  seen: Believed,
  heard: Pick<AutoscaleState, 'doubt' | 'echo'>,
): AutoscaleState {
  const { untilMs } = seen;
  const dtMs = state.evidenceMs === null ? null : untilMs - state.evidenceMs;
  if (dtMs !== null && dtMs < SAME_WINDOW_MS) return { ...state, ...heard };
  const demand = noteDemand(state.demand, {
    untilMs,
    perSecond: seen.rate,
    horizonMs: horizonMs(state, seen),
  });
  const cost = costAfter(state.cost, seen, dtMs);
  const quiet = seen.utilization < SATURATED;
  const inside =
    quiet && seen.inFlight !== null && seen.rate >= LEAST_RATE
      ? blend(state.insideMs, (1_000 * seen.inFlight) / seen.rate, dtMs, INSIDE_TAU_MS)
      : state.insideMs;
  const warm = untilMs - seen.windowMs >= state.coldUntilMs;
  return {
    ...state,
    ...heard,
    evidenceMs: untilMs,
    demand,
    cost,
    insideMs: inside,
    safe: safeAfter(state, seen, warm),
    trim: trimAfter(state, seen, { dtMs: dtMs ?? 0, warm }),
    harm: warm ? state.harm : harmAfter(state, seen),
  };
}

function safeAfter({ safe }: AutoscaleState, seen: Seen, warm: boolean) {
  const { strain, rate, utilization } = seen;
  if (!warm || strain === null || rate < LEAST_RATE) return safe;
  return learnSafe(safe, { utilization, strain });
}

/** How much worse latency is with cold replicas than without, at the same utilisation: a log. */
function harmAfter({ safe, harm }: AutoscaleState, { strain, utilization }: Seen): number {
  const usual = meanStrainAt(safe, utilization);
  if (usual === null || strain === null || strain <= 0 || utilization >= SATURATED) return harm;
  const worse = Math.max(-1, Math.min(1, Math.log(strain) - usual));
  return harm + (worse - harm) * HARM_NEW_SHARE;
}

function costAfter(before: number | null, seen: Seen, dtMs: number | null): number | null {
  const { rate, utilization, serving } = seen;
  const now = costOf({ ratePerSecond: rate, utilization, serving });
  if (now === null) return before;
  if (utilization >= SATURATED && before !== null && now < before) return before;
  return blend(before, soberCost(before, now), dtMs, COST_TAU_MS);
}

function trimAfter(
  { trim, safe }: AutoscaleState,
  { strain, isStrained }: Seen,
  { dtMs, warm }: { readonly dtMs: number; readonly warm: boolean },
): number {
  const faded = trim * Math.exp(-dtMs / TRIM_TAU_MS);
  // What does not come of being busy is not mended by being less so.
  if (!warm || !isStrained || isFlat(safe)) return faded;
  const log = strain === null || strain <= 1 ? 1 : Math.min(1, Math.log(strain));
  const grown = TRIM_GAIN_PER_S * log * (dtMs / 1_000);
  return Math.min(MOST_TRIM, faded + grown);
}

function blend(before: number | null, now: number, dtMs: number | null, tauMs: number): number {
  if (before === null || dtMs === null) return now;
  return before + (now - before) * (1 - Math.exp(-dtMs / tauMs));
}

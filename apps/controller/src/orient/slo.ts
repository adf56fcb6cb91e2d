import type { Policy } from '@flyball/contract';
import { type BurnVerdict, evaluateBurn } from '@flyball/control';
import type { SloWindow } from '../observe/snapshot.ts';

/** p99 under the objective means that at most one request in a hundred may be slower. */
const LATENCY_OBJECTIVE = 0.99;

export interface SloVerdict {
  readonly page: boolean;
  readonly ticket: boolean;
  /** Why it pages, as a sentence; null when it does not. */
  readonly text: string | null;
  readonly availability: BurnVerdict | null;
  readonly latency: BurnVerdict | null;
}

/** Windows a policy's burn alerts look at. */
export function sloWindowsMs(policy: Policy): number[] {
  return [...new Set(policy.objectives.burn.flatMap(({ long, short }) => [long, short]))];
}

/** Null: the policy has no objective, or nothing was counted. */
export function judgeSlo(policy: Policy, windows: readonly SloWindow[]): SloVerdict | null {
  const { availability, latency, burn } = policy.objectives;
  if (windows.length === 0 || (availability === undefined && latency === undefined)) return null;
  const alerts = burn.map(({ long, short, factor }) => ({
    severity: 'page' as const,
    longMs: long,
    shortMs: short,
    factor,
  }));
  const judge = (objective: number, bad: (window: SloWindow) => number) =>
    evaluateBurn({
      objective,
      alerts,
      windows: windows.map((window) => ({
        windowMs: window.windowMs,
        total: window.requests,
        errors: bad(window),
      })),
    });
  const errors = availability === undefined ? null : judge(availability, (w) => w.errors);
  const slow = latency === undefined ? null : judge(LATENCY_OBJECTIVE, (w) => w.slow);
  return {
    page: (errors?.page ?? false) || (slow?.page ?? false),
    ticket: (errors?.ticket ?? false) || (slow?.ticket ?? false),
    text: pageText(errors, slow),
    availability: errors,
    latency: slow,
  };
}

function pageText(errors: BurnVerdict | null, slow: BurnVerdict | null): string | null {
  const [what, verdict] = errors?.page ? ['errors', errors] : ['slow requests', slow];
  const alert = verdict?.firing.find(({ severity }) => severity === 'page');
  if (alert === undefined) return null;
  const rate = alert.shortRate.toPrecision(3);
  return `${what} burn the error budget ${rate} times too fast (page at ${alert.factor})`;
}

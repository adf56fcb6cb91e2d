import type { FleetConfig } from './config.ts';
import { type Ledger, SECOND_MS } from './ledger.ts';

/** One run in figures. */
export interface Score {
  readonly hours: number;
  /** Seconds in which more than the objective's share of requests was bad; see `violates`. */
  readonly violationSeconds: number;
  /** The longest time without a second that held the objective. */
  readonly longestViolationS: number;
  readonly replicaHours: number;
  readonly requests: number;
  readonly badRatio: number;
  readonly actions: number;
  readonly reversals: number;
  /** Steps down that were taken while nothing was seen. */
  readonly blindDowns: number;
}

export interface Change {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly blind: boolean;
}

/** One second alone has too few requests to speak of a 99th percentile. */
const JUDGED_S = 5;

/** Too many of the requests that ended in the five seconds up to this one were bad. */
export function violates(ledger: Ledger, second: number, config: FleetConfig): boolean {
  const from = second + 1 - JUDGED_S;
  const ended = ledger.sum(ledger.ended, from, second + 1);
  if (ended === 0) {
    return (ledger.insideMs[second] as number) >= SECOND_MS;
  }
  return ledger.sum(ledger.bad, from, second + 1) > config.objective.badRatio * ended;
}

export function scoreOf(
  ledger: Ledger,
  config: FleetConfig,
  changes: readonly Change[],
  seconds: number,
): Score {
  let violationSeconds = 0;
  let stretch = 0;
  let longest = 0;
  for (let second = 0; second < seconds; second += 1) {
    stretch = violates(ledger, second, config) ? stretch + 1 : 0;
    if (stretch > 0) violationSeconds += 1;
    longest = Math.max(longest, stretch);
  }
  const ended = ledger.sum(ledger.ended, 0, seconds);
  const signs = changes.map((change) => Math.sign(change.to - change.from));
  return {
    hours: seconds / 3_600,
    violationSeconds,
    longestViolationS: longest,
    replicaHours: ledger.sum(ledger.paidMs, 0, seconds) / 3_600_000,
    requests: ended,
    badRatio: ended > 0 ? ledger.sum(ledger.bad, 0, seconds) / ended : 0,
    actions: changes.length,
    reversals: signs.filter((sign, index) => index > 0 && sign !== signs[index - 1]).length,
    blindDowns: changes.filter((change) => change.blind && change.to < change.from).length,
  };
}

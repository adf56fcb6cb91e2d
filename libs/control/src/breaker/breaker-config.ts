import { requireAtLeastZero, requirePositive, requireRatio, requireThat } from '../config.ts';

/** What a class of outcome says about the callee. */
export type OutcomeMeaning = 'success' | 'failure' | 'ignored';

export interface BreakerConfig {
  /** Opens on this many failures among the last calls; null: this rule is off. Default 5. */
  readonly failures?: number | null;
  /** Calls the count rule looks back on, at most 64. Default 10. */
  readonly lastCalls?: number;
  /** Opens when more than this share of the calls failed; null: off. Default 0.5. */
  readonly failureRatioAbove?: number | null;
  /** Opens when more than this share of the calls was slow; null: off. Default 0.5. */
  readonly slowRatioAbove?: number | null;
  /** A call that takes longer is slow. Default 1 s. */
  readonly slowMs?: number;
  /** What the two ratios look back on: `windowMs`, or the last calls. Default time. */
  readonly ratioWindow?: 'time' | 'calls';
  /** Results older than this are forgotten by every rule. Default 60 s. */
  readonly windowMs?: number;
  /** Fewer calls than this are not judged by a ratio. Default 10. */
  readonly minCalls?: number;
  /** Lowers `failures` by 1 for each sign of trouble. Default true. */
  readonly adaptive?: boolean;
  /** The adaptive threshold stops here: at least 3. Default 3. */
  readonly lowestFailures?: number;
  /** Sign of trouble: more failures than this in `windowMs`. Default 10. */
  readonly clusterAbove?: number;
  /** Calls let through while half-open. Default 3. */
  readonly probes?: number;
  /** Successes among them that close it. Default 2. */
  readonly closeAfter?: number;
  /** A probe that is not back by then counts as failed. Default 30 s. */
  readonly probeTimeoutMs?: number;
  /** The callee is reached over a network that is not ours: open 30 s instead of 60 s. */
  readonly remote?: boolean;
  /** How long it stays open. Default 60 s; 30 s when remote. */
  readonly openMs?: number;
  /** Each opening without a closing in between lasts this many times longer. Default 1. */
  readonly openFactor?: number;
  /** But not longer than this. Default 10 min, or `openMs` if that is more. */
  readonly maxOpenMs?: number;
  /**
   * Meaning of each class of outcome; a class that is not named is a failure. Default `ok` and
   * `client-error` (the callee works, the call was wrong) success, `cancelled` ignored.
   */
  readonly outcomes?: { readonly [outcome: string]: OutcomeMeaning };
  /** Name of the answer to give instead of a refused call; null: there is none. Default null. */
  readonly fallback?: string | null;
}

export type BreakerSettings = Required<BreakerConfig>;

const MOST_LAST_CALLS = 64;
const OUTCOMES = { ok: 'success', 'client-error': 'success', cancelled: 'ignored' } as const;
const MEANINGS: readonly unknown[] = ['success', 'failure', 'ignored'];

export function breakerSettings(config: BreakerConfig): BreakerSettings {
  const remote = config.remote ?? false;
  const openMs = config.openMs ?? (remote ? 30_000 : 60_000);
  const settings: BreakerSettings = {
    failures: config.failures === undefined ? 5 : config.failures,
    lastCalls: config.lastCalls ?? 10,
    failureRatioAbove: config.failureRatioAbove === undefined ? 0.5 : config.failureRatioAbove,
    slowRatioAbove: config.slowRatioAbove === undefined ? 0.5 : config.slowRatioAbove,
    slowMs: config.slowMs ?? 1_000,
    ratioWindow: config.ratioWindow ?? 'time',
    windowMs: config.windowMs ?? 60_000,
    minCalls: config.minCalls ?? 10,
    adaptive: config.adaptive ?? true,
    lowestFailures: config.lowestFailures ?? 3,
    clusterAbove: config.clusterAbove ?? 10,
    probes: config.probes ?? 3,
    closeAfter: config.closeAfter ?? 2,
    probeTimeoutMs: config.probeTimeoutMs ?? 30_000,
    remote,
    openMs,
    openFactor: config.openFactor ?? 1,
    maxOpenMs: config.maxOpenMs ?? Math.max(600_000, openMs),
    outcomes: config.outcomes ?? OUTCOMES,
    fallback: config.fallback ?? null,
  };
  checkWindows(settings);
  checkOpen(settings);
  return settings;
}

function checkWindows(settings: BreakerSettings): void {
  const { failures, lastCalls, minCalls } = settings;
  requireCount('lastCalls', lastCalls);
  requireThat(lastCalls <= MOST_LAST_CALLS, 'lastCalls', lastCalls, `at most ${MOST_LAST_CALLS}`);
  if (failures !== null) {
    requireCount('failures', failures);
    requireThat(failures <= lastCalls, 'failures', failures, `at most lastCalls (${lastCalls})`);
  }
  requireRatio('failureRatioAbove', settings.failureRatioAbove ?? 0);
  requireRatio('slowRatioAbove', settings.slowRatioAbove ?? 0);
  requirePositive('slowMs', settings.slowMs);
  const known = settings.ratioWindow === 'time' || settings.ratioWindow === 'calls';
  requireThat(known, 'ratioWindow', settings.ratioWindow, 'time or calls');
  requirePositive('windowMs', settings.windowMs);
  requireCount('minCalls', minCalls);
  const reachable = settings.ratioWindow === 'time' || minCalls <= lastCalls;
  requireThat(reachable, 'minCalls', minCalls, `at most lastCalls (${lastCalls})`);
  const { lowestFailures } = settings;
  const low = Number.isInteger(lowestFailures) && lowestFailures >= 3;
  requireThat(low, 'lowestFailures', lowestFailures, 'a whole number, 3 or above');
  requireAtLeastZero('clusterAbove', settings.clusterAbove);
}

function checkOpen(settings: BreakerSettings): void {
  const { probes, closeAfter, openMs, openFactor, maxOpenMs } = settings;
  requireCount('probes', probes);
  requireThat(probes <= 100, 'probes', probes, 'at most 100');
  requireCount('closeAfter', closeAfter);
  requireThat(closeAfter <= probes, 'closeAfter', closeAfter, `at most probes (${probes})`);
  requirePositive('probeTimeoutMs', settings.probeTimeoutMs);
  requirePositive('openMs', openMs);
  const grows = Number.isFinite(openFactor) && openFactor >= 1;
  requireThat(grows, 'openFactor', openFactor, 'a number, 1 or above');
  const above = Number.isFinite(maxOpenMs) && maxOpenMs >= openMs;
  requireThat(above, 'maxOpenMs', maxOpenMs, `a number, at least openMs (${openMs})`);
  for (const [outcome, meaning] of Object.entries(settings.outcomes)) {
    const known = MEANINGS.includes(meaning);
    requireThat(known, `outcomes.${outcome}`, meaning, 'success, failure or ignored');
  }
}

function requireCount(field: string, value: number): void {
  requireThat(Number.isInteger(value) && value >= 1, field, value, 'a whole number, 1 or above');
}

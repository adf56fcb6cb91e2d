/** From scores to figures: cost curves, equal cost, bootstrap intervals. Pure. */
import { Draws, type Score } from '@flyball/control/sim';
import { HPA_SETTINGS } from './contest.ts';
import type { Verdict } from './judge.ts';

export interface Sum {
  readonly violationSeconds: number;
  readonly replicaHours: number;
  readonly reversals: number;
  readonly actions: number;
  readonly hours: number;
}

export function sumOf(scores: readonly Score[]): Sum {
  const total = (figure: (score: Score) => number) =>
    scores.reduce((sum, score) => sum + figure(score), 0);
  return {
    violationSeconds: total((score) => score.violationSeconds),
    replicaHours: total((score) => score.replicaHours),
    reversals: total((score) => score.reversals),
    actions: total((score) => score.actions),
    hours: total((score) => score.hours),
  };
}

/** What one opponent would have got for the same replica-hours. */
export interface AtEqualCost {
  readonly violationSeconds: number;
  readonly reversals: number;
  readonly actions: number;
  readonly replicaHours: number;
  /** The target in between two settings, and the look-back. */
  readonly target: number;
  readonly downMs: number;
}

/**
 * The best of the cost curves (one per look-back, a point per target) at the given replica-hours,
 * straight between two points, or the best of the cheaper ones. Beyond a curve's
 * end its last point counts: HPA can then not spend what ours did.
 */
export function atEqualCost(verdicts: readonly Verdict[], replicaHours: number): AtEqualCost {
  const looksBack = [...new Set(HPA_SETTINGS.map(({ downMs }) => downMs))];
  const found = looksBack.map((downMs) => {
    const curve = HPA_SETTINGS.flatMap((setting, index) =>
      setting.downMs === downMs
        ? [{ ...sumOf(verdicts.map(({ hpa }) => hpa[index] as Score)), ...setting }]
        : [],
    ).toSorted((a, b) => a.replicaHours - b.replicaHours);
    // A cheaper point with fewer violations is there for the taking too.
    const cheaper = curve.filter((point) => point.replicaHours <= replicaHours);
    return [between(curve, replicaHours), ...cheaper];
  });
  const [first, ...others] = found.flat() as [AtEqualCost, ...AtEqualCost[]];
  return others.reduce(
    (best, each) => (each.violationSeconds < best.violationSeconds ? each : best),
    first,
  );
}

function between(
  curve: readonly (Sum & { readonly target: number; readonly downMs: number })[],
  replicaHours: number,
): AtEqualCost {
  const above = curve.findIndex((point) => point.replicaHours >= replicaHours);
  const to = curve[above === -1 ? curve.length - 1 : above] as (typeof curve)[number];
  const from = curve[Math.max(0, (above === -1 ? curve.length : above) - 1)] as typeof to;
  const width = to.replicaHours - from.replicaHours;
  const share =
    width > 0 ? Math.min(1, Math.max(0, (replicaHours - from.replicaHours) / width)) : 1;
  const mix = (a: number, b: number) => a + (b - a) * share;
  return {
    violationSeconds: mix(from.violationSeconds, to.violationSeconds),
    reversals: mix(from.reversals, to.reversals),
    actions: mix(from.actions, to.actions),
    replicaHours: mix(from.replicaHours, to.replicaHours),
    target: mix(from.target, to.target),
    downMs: to.downMs,
  };
}

export interface Ratio {
  readonly value: number;
  /** 95 % of the resamples of seeds lie between these. */
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 500;

/** Ours over HPA's at equal cost, with one setting for all. Resampled are seeds, not loads. */
export function ratioToOneSetting(
  verdicts: readonly Verdict[],
  of: (verdict: Verdict) => Score = (verdict) => verdict.ours,
): Ratio {
  const seeds = [...new Set(verdicts.map(({ cell }) => cell.seed))];
  const bySeed = new Map(
    seeds.map((seed) => [seed, verdicts.filter(({ cell }) => cell.seed === seed)]),
  );
  const draws = new Draws({ seed: 1 });
  const resampled = Array.from({ length: RESAMPLES }, () => {
    const drawn = seeds.map(() => seeds[Math.floor(draws.uniform() * seeds.length)] as number);
    return ratioOf(
      drawn.flatMap((seed) => bySeed.get(seed) as Verdict[]),
      of,
    );
  }).toSorted((a, b) => a - b);
  return {
    value: ratioOf(verdicts, of),
    low: resampled[Math.floor(0.025 * RESAMPLES)] as number,
    high: resampled[Math.floor(0.975 * RESAMPLES)] as number,
  };
}

function ratioOf(verdicts: readonly Verdict[], of: (verdict: Verdict) => Score): number {
  const own = sumOf(verdicts.map(of));
  const other = atEqualCost(verdicts, own.replicaHours);
  return other.violationSeconds > 0 ? own.violationSeconds / other.violationSeconds : 1;
}

/** One load on one plant, over all seeds, against HPA tuned for this very load in hindsight. */
export interface CellStanding {
  readonly fleet: string;
  readonly load: string;
  /** Violating seconds per hour. */
  readonly ours: number;
  readonly hpa: number;
  readonly setting: string;
  readonly replicaHours: number;
  readonly hpaReplicaHours: number;
  readonly reversalsPerHour: number;
  readonly hpaReversalsPerHour: number;
  readonly halved: boolean;
  /** By more than three seconds per hour. */
  readonly worse: boolean;
}

export function cellStandings(verdicts: readonly Verdict[]): readonly CellStanding[] {
  const groups = Map.groupBy(verdicts, ({ cell }) => `${cell.fleet}/${cell.load}`);
  return [...groups.values()].map((group) => {
    const { fleet, load } = (group[0] as Verdict).cell;
    const own = sumOf(group.map((verdict) => verdict.ours));
    const other = atEqualCost(group, own.replicaHours);
    const perHour = (figure: number) => figure / own.hours;
    return {
      fleet,
      load,
      ours: perHour(own.violationSeconds),
      hpa: perHour(other.violationSeconds),
      setting: `${Math.round(other.target * 100)} %, ${other.downMs / 1_000} s`,
      replicaHours: perHour(own.replicaHours),
      hpaReplicaHours: perHour(other.replicaHours),
      reversalsPerHour: perHour(own.reversals),
      hpaReversalsPerHour: perHour(other.reversals),
      halved: own.violationSeconds <= other.violationSeconds / 2,
      worse: perHour(own.violationSeconds - other.violationSeconds) > 3,
    };
  });
}

/**
 * Variants of a service compared with its control.
 *
 *     errors worse     ratio > 1.5 x control's, and the smaller of two z at least 3.5:
 *                      (pv - pc) / sqrt(p (1 - p) (1/nv + 1/nc))          p: of both together
 *                      2 (asin sqrt pv - asin sqrt pc) / sqrt(1/nv + 1/nc)
 *     latency worse    p99 > control's + 100 ms
 *     blatant          at least 20 requests, half of them failed, and control fails less than half
 *                      as often: no need to wait for more
 *     same             both have enough requests, and neither is above its limit
 *     unknown          all else: too few requests, or a difference that may be chance
 *
 * A ratio of two small counts says little: 3 errors in 500 against 1 is three times as many and no
 * evidence. A rollout looks at it every few seconds, and whoever looks often enough finds any
 * chance difference; at z = 3.5 one rollout in a hundred of a version no worse than the old is
 * taken back, at z = 3 three (rollout.prop.test.ts). Small counts are lopsided: the first z then
 * sees too much in a variant's few errors, the second in a control without any.
 */
import { requireAtLeastZero, requireRatio, requireThat } from '../../config.ts';
import { isMeasure, own } from '../../numbers.ts';

export interface CompareConfig {
  /** Error ratio over control's that is too much. Default 1.5. */
  readonly errorFactor?: number;
  /** p99 above control's that is too much. Default 100 ms. */
  readonly p99SlackMs?: number;
  /** Requests each side needs. Default 500: five of them lie beyond the p99. */
  readonly minRequests?: number;
  /** Standard errors between two error ratios that are no chance. Default 3.5; 0: any. */
  readonly significance?: number;
  /** Error ratio that needs no more than `blatantRequests`. Default 0.5. */
  readonly blatantErrorRatio?: number;
  /** Default 20. */
  readonly blatantRequests?: number;
}

export type CompareSettings = Required<CompareConfig>;

/** Of one variant, over one and the same span for all that are compared. */
export interface VariantFigures {
  readonly requests: number;
  readonly errors: number;
  /** Null: not known. */
  readonly p99Ms: number | null;
}

export type Verdict = 'same' | 'errors-worse' | 'latency-worse' | 'unknown';

export interface Comparison {
  readonly verdict: Verdict;
  readonly errorRatio: number;
  readonly controlErrorRatio: number;
  /** Standard errors between the two error ratios; 0 when neither has failed or succeeded. */
  readonly z: number;
}

export function compareSettings(config: CompareConfig): CompareSettings {
  const settings = {
    errorFactor: config.errorFactor ?? 1.5,
    p99SlackMs: config.p99SlackMs ?? 100,
    minRequests: config.minRequests ?? 500,
    significance: config.significance ?? 3.5,
    blatantErrorRatio: config.blatantErrorRatio ?? 0.5,
    blatantRequests: config.blatantRequests ?? 20,
  };
  const { errorFactor, minRequests, blatantRequests } = settings;
  const above = Number.isFinite(errorFactor) && errorFactor >= 1;
  requireThat(above, 'errorFactor', errorFactor, 'a number, 1 or above');
  requireAtLeastZero('p99SlackMs', settings.p99SlackMs);
  requireThat(isCount(minRequests), 'minRequests', minRequests, 'a number, 1 or above');
  requireAtLeastZero('significance', settings.significance);
  requireRatio('blatantErrorRatio', settings.blatantErrorRatio);
  requireThat(isCount(blatantRequests), 'blatantRequests', blatantRequests, 'a number, 1 or above');
  return settings;
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 1;
}

export function isPossible(figures: VariantFigures): boolean {
  const { requests, errors, p99Ms } = figures;
  return isMeasure(requests) && isMeasure(errors) && errors <= requests && isMeasure(p99Ms ?? 0);
}

/** Both with possible figures. */
export function compareVariant(
  settings: CompareSettings,
  variant: VariantFigures,
  control: VariantFigures,
): Comparison {
  const errorRatio = ratioOf(variant);
  const controlErrorRatio = ratioOf(control);
  const z = standardErrors(variant, control);
  const said = (verdict: Verdict): Comparison => ({ verdict, errorRatio, controlErrorRatio, z });
  const blatant =
    variant.requests >= settings.blatantRequests &&
    errorRatio >= settings.blatantErrorRatio &&
    controlErrorRatio < errorRatio / 2;
  if (blatant) {
    return said('errors-worse');
  }
  if (variant.requests < settings.minRequests || control.requests < settings.minRequests) {
    return said('unknown');
  }
  if (errorRatio > settings.errorFactor * controlErrorRatio) {
    return said(z >= settings.significance ? 'errors-worse' : 'unknown');
  }
  if (variant.p99Ms === null || control.p99Ms === null) {
    return said('unknown');
  }
  return said(variant.p99Ms > control.p99Ms + settings.p99SlackMs ? 'latency-worse' : 'same');
}

/** All variants against the one named; a variant whose figures are impossible is unknown. */
export function compareVariants(
  config: CompareConfig,
  variants: { readonly [name: string]: VariantFigures },
  controlName: string,
): { readonly [name: string]: Comparison } {
  const settings = compareSettings(config);
  const control = own(variants, controlName);
  requireThat(control !== undefined, 'controlName', controlName, 'the name of one of the variants');
  const others = Object.entries(variants).filter(([name]) => name !== controlName);
  return Object.fromEntries(
    others.map(([name, figures]) => {
      const usable = isPossible(figures) && isPossible(control as VariantFigures);
      const blind: Comparison = { verdict: 'unknown', errorRatio: 0, controlErrorRatio: 0, z: 0 };
      const compared = () => compareVariant(settings, figures, control as VariantFigures);
      return [name, usable ? compared() : blind];
    }),
  );
}

function ratioOf(figures: VariantFigures): number {
  return figures.requests > 0 ? figures.errors / figures.requests : 0;
}

function standardErrors(variant: VariantFigures, control: VariantFigures): number {
  if (variant.requests === 0 || control.requests === 0) {
    return 0;
  }
  const [pv, pc] = [ratioOf(variant), ratioOf(control)];
  const pooled = (variant.errors + control.errors) / (variant.requests + control.requests);
  const width = Math.sqrt(1 / variant.requests + 1 / control.requests);
  const spread = Math.sqrt(pooled * (1 - pooled)) * width;
  const plain = spread > 0 ? (pv - pc) / spread : 0;
  const angle = (2 * (Math.asin(Math.sqrt(pv)) - Math.asin(Math.sqrt(pc)))) / width;
  return Math.min(plain, angle);
}

/** Guards over one number: bands, steps, limits. */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import { tidy } from '../numbers.ts';
import { directionOf, PASS } from './bound.ts';
import type { Direction, Guard, Verdict } from './guard.ts';

/** Refuses NaN, the infinities and negative positions, proposed or read back. */
export function onlyFinite(): Guard {
  return {
    name: 'onlyFinite',
    judge: (decision, { applied }) =>
      [decision.value, applied].every((value) => Number.isFinite(value) && value >= 0)
        ? PASS
        : { kind: 'hold', reason: 'not-a-number' },
  };
}

/**
 * Takes nothing away while the signal is missing, too old or fell silent, see `confirm`. For laws
 * that may go up without it, and for limits that would take away what nobody sees.
 */
export function noBlindScaleDown(config: { readonly maxAgeMs?: number } = {}): Guard {
  const { maxAgeMs } = config;
  if (maxAgeMs !== undefined) {
    requirePositive('evidenceMaxAge', maxAgeMs);
  }
  return {
    name: 'noBlindScaleDown',
    judge: (decision, { applied, measured, evidenceAgeMs, confirmation }) => {
      if (!(decision.value < applied)) {
        return PASS;
      }
      if (confirmation?.look === 'silent') {
        const { silentMs } = confirmation;
        return { kind: 'hold', reason: 'sudden-silence', terms: { silentMs } };
      }
      const isBlind =
        measured === null ||
        evidenceAgeMs === null ||
        (maxAgeMs !== undefined && Math.abs(evidenceAgeMs) > maxAgeMs) ||
        confirmation?.look === 'blind';
      return isBlind ? { kind: 'hold', reason: 'blind-scale-down' } : PASS;
    },
  };
}

/**
 * Up only above `up`, down only below `down` (in the signal's unit), nothing between. For loops in
 * which more of the signal needs more of the knob; a missing signal moves nothing.
 */
export function hysteresis(config: { readonly up: number; readonly down: number }): Guard {
  const { up, down } = config;
  requireThat(down < up, 'hysteresis.down', down, `below hysteresis.up (${up})`);
  return {
    name: 'hysteresis',
    judge: (decision, { applied, measured }) => {
      const direction = directionOf(decision.value, applied);
      if (direction === null) {
        return PASS;
      }
      if (measured === null || !Number.isFinite(measured)) {
        return { kind: 'hold', reason: 'evidence-missing' };
      }
      const allowed = direction === 'up' ? measured > up : measured < down;
      return allowed
        ? PASS
        : { kind: 'hold', reason: 'inside-thresholds', terms: { measured, up, down } };
    },
  };
}

/** A change is not worth making below this share of the applied value, or below this much. */
export function deadBand(config: { readonly ratio?: number; readonly absolute?: number }): Guard {
  const { ratio = 0, absolute = 0 } = config;
  requireAtLeastZero('deadBand.ratio', ratio);
  requireAtLeastZero('deadBand.absolute', absolute);
  return {
    name: 'deadBand',
    judge: (decision, { applied }) => {
      const change = Math.abs(decision.value - applied);
      return change > 0 && (change < ratio * applied || change < absolute)
        ? { kind: 'hold', reason: 'dead-band' }
        : PASS;
    },
  };
}

/** A share of the applied value, or an absolute number. */
export type StepLimit = { readonly ratio: number } | { readonly absolute: number };

export interface SlewConfig {
  readonly up?: StepLimit;
  readonly down?: StepLimit;
  /** The knob is a count: steps are whole, and at least 1 so that small fleets can move. */
  readonly whole?: boolean;
}

/** Limits how far one step may go. A share of nothing limits nothing. */
export function slew(config: SlewConfig): Guard {
  requireStep('stepUp', config.up);
  requireStep('stepDown', config.down);
  return {
    name: 'slew',
    judge: (decision, { applied }): Verdict<number> => {
      const direction = directionOf(decision.value, applied);
      const limit = direction === null ? undefined : config[direction];
      if (direction === null || limit === undefined) {
        return PASS;
      }
      const step = stepSize(limit, applied, config.whole === true);
      if (step === null || Math.abs(decision.value - applied) <= step) {
        return PASS;
      }
      const value = direction === 'up' ? applied + step : Math.max(0, applied - step);
      return { kind: 'bound', value: tidy(value), reason: STEP_REASON[direction] };
    },
  };
}

const STEP_REASON = { up: 'step-up-limit', down: 'step-down-limit' } as const;

function requireStep(field: string, limit: StepLimit | undefined): void {
  if (limit !== undefined) {
    requirePositive(field, 'ratio' in limit ? limit.ratio : limit.absolute);
  }
}

function stepSize(limit: StepLimit, applied: number, whole: boolean): number | null {
  const size = 'ratio' in limit ? applied * limit.ratio : limit.absolute;
  if (whole) {
    return Math.max(1, Math.floor(tidy(size)));
  }
  return size > 0 ? size : null;
}

/** Keeps the value between its limits. */
export function clamp(config: { readonly min?: number; readonly max?: number }): Guard {
  const { min, max } = config;
  if (min !== undefined) {
    requireAtLeastZero('limits.min', min);
  }
  if (max !== undefined) {
    requireAtLeastZero('limits.max', max);
    requireThat(min === undefined || min <= max, 'limits.min', min, `at most max (${max})`);
  }
  return {
    name: 'clamp',
    judge: (decision): Verdict<number> => {
      if (min !== undefined && decision.value < min) {
        return { kind: 'bound', value: min, reason: 'at-min', terms: { min } };
      }
      if (max !== undefined && decision.value > max) {
        return { kind: 'bound', value: max, reason: 'at-max', terms: { max } };
      }
      return PASS;
    },
  };
}

export type Autonomy = 'off' | 'shadow' | 'ask' | 'auto';

/** How much the loop may do by itself, per direction: up alone, down only after asking. */
export type DirectionalAutonomy = { readonly [direction in Direction]: Autonomy };

/** Holds a direction that is off; `autonomyOf` tells how the others are carried out. */
export function directionalAutonomy(config: DirectionalAutonomy): Guard {
  return {
    name: 'directionalAutonomy',
    judge: (decision, { applied }) => {
      const direction = directionOf(decision.value, applied);
      return direction !== null && config[direction] === 'off'
        ? { kind: 'hold', reason: 'direction-off' }
        : PASS;
    },
  };
}

/** The autonomy for a change; of the less free direction when nothing changes. */
export function autonomyOf(config: DirectionalAutonomy, before: number, after: number): Autonomy {
  const order: readonly Autonomy[] = ['off', 'shadow', 'ask', 'auto'];
  const direction = directionOf(after, before);
  if (direction !== null) {
    return config[direction];
  }
  return order.indexOf(config.up) < order.indexOf(config.down) ? config.up : config.down;
}

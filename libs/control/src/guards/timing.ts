/** Guards over time: how soon, how often, how many times back and forth. */
import { requireAtLeastZero, requireThat } from '../config.ts';
import { directionOf, PASS } from './bound.ts';
import type { Direction, Guard, GuardContext, Verdict } from './guard.ts';
import { type ActionHistory, actionsWithin, reversalsWithin } from './history.ts';

const HOUR_MS = 3_600_000;

export interface CooldownConfig {
  /** An action up waits this long after the last action in either direction. Default 0. */
  readonly upMs?: number;
  /** An action down waits this long after the last action in either direction. Default 0. */
  readonly downMs?: number;
  /** A need of at least this many times the applied value goes up in spite of it. Default 2. */
  readonly overrideRatio?: number;
}

export function cooldown(config: CooldownConfig): Guard {
  const { upMs = 0, downMs = 0, overrideRatio = 2 } = config;
  requireAtLeastZero('cooldown.up', upMs);
  requireAtLeastZero('cooldown.down', downMs);
  requireThat(overrideRatio > 1, 'cooldown.overrideRatio', overrideRatio, 'above 1');
  return {
    name: 'cooldown',
    judge: (decision, context): Verdict<number> => {
      const direction = directionOf(decision.value, context.applied);
      const elapsedMs = sinceLastMs(context);
      if (direction === null || elapsedMs === null) {
        return PASS;
      }
      if (direction === 'up' && decision.value >= overrideRatio * context.applied) {
        return PASS;
      }
      const cooldownMs = direction === 'up' ? upMs : downMs;
      const terms = { elapsedMs, cooldownMs, untilMs: context.nowMs + cooldownMs - elapsedMs };
      return elapsedMs < cooldownMs
        ? { kind: 'hold', reason: COOLDOWN_REASON[direction], terms }
        : PASS;
    },
  };
}

const COOLDOWN_REASON = { up: 'cooldown-up', down: 'cooldown-down' } as const;

/** A value once applied stays at least this long. */
export function minDwell(config: { readonly dwellMs: number }): Guard {
  const { dwellMs } = config;
  requireAtLeastZero('minDwell', dwellMs);
  return {
    name: 'minDwell',
    judge: (decision, context) => {
      const elapsedMs = sinceLastMs(context);
      return elapsedMs !== null && elapsedMs < dwellMs && decision.value !== context.applied
        ? { kind: 'hold', reason: 'min-dwell', terms: { elapsedMs, dwellMs } }
        : PASS;
    },
  };
}

export interface FlapBudgetConfig {
  readonly actionsPerHour?: number;
  readonly reversalsPerHour?: number;
  /** A direction that is never held back: `up` for replicas, `down` for a rate. */
  readonly safe?: Direction;
}

/** Bounds actions and changes of direction in any hour. */
export function flapBudget(config: FlapBudgetConfig): Guard {
  const { actionsPerHour, reversalsPerHour, safe } = config;
  requireAtLeastZero('actionsPerHour', actionsPerHour ?? 0);
  requireAtLeastZero('reversalsPerHour', reversalsPerHour ?? 0);
  return {
    name: 'flapBudget',
    judge: (decision, context): Verdict<number> => {
      const direction = directionOf(decision.value, context.applied);
      if (direction === null || direction === safe) {
        return PASS;
      }
      const actions = actionsWithin(context.history, context.nowMs, HOUR_MS);
      if (actionsPerHour !== undefined && actions >= actionsPerHour) {
        return { kind: 'hold', reason: 'action-budget', terms: { actions, actionsPerHour } };
      }
      const reversals = reversalsWithin(context.history, context.nowMs, HOUR_MS);
      return reversalsPerHour !== undefined &&
        reversals >= reversalsPerHour &&
        direction !== lastDirection(context.history)
        ? { kind: 'hold', reason: 'reversal-budget', terms: { reversals, reversalsPerHour } }
        : PASS;
    },
  };
}

/** Null before the first action. After a clock step back the distance still counts, either way. */
function sinceLastMs(context: GuardContext): number | null {
  const last = context.history.actions.at(-1);
  return last === undefined ? null : Math.abs(context.nowMs - last.atMs);
}

function lastDirection(history: ActionHistory): Direction | null {
  const last = history.actions.at(-1);
  return last === undefined ? null : directionOf(last.to, last.from);
}

import { z } from 'zod';
import { assertNever } from '../assert-never.ts';

export const shapeName = z.enum(['constant', 'sine', 'step', 'flash']);
export type ShapeName = z.infer<typeof shapeName>;

/** What the load generator aims at. */
export interface LoadPlan {
  shape: ShapeName;
  /** Requests per second the shape is built on. */
  baseRatePerSecond: number;
  /** From an active surge; 1 without. */
  multiplier: number;
}

/**
 * The shapes, as factors on the base rate over the time since the plan began:
 *
 *   constant  1
 *   sine      1 +- 0.4 over 10 min, a day in short
 *   step      1 and 1.6 in turn, 3 min each
 *   flash     1, and every 5 min within 5 s up to 2.5, held 30 s, back to 1 over 60 s
 */
const SINE_PERIOD_MS = 600_000;
const SINE_SWING = 0.4;
const STEP_LENGTH_MS = 180_000;
const STEP_FACTOR = 1.6;
const FLASH = {
  periodMs: 300_000,
  quietMs: 120_000,
  riseMs: 5_000,
  holdMs: 30_000,
  fallMs: 60_000,
  factor: 2.5,
};

const OPENING_MS = 8_000;

/** A shop that has just opened fills over eight seconds; its processes are cold. */
export function openingFactor(sinceOpenMs: number): number {
  return Math.min(1, Math.max(0.1, sinceOpenMs / OPENING_MS));
}

/** Requests per second the plan asks for, `elapsedMs` after it began. */
export function rateAt(plan: LoadPlan, elapsedMs: number): number {
  return plan.baseRatePerSecond * plan.multiplier * shapeFactor(plan.shape, elapsedMs);
}

function shapeFactor(shape: ShapeName, elapsedMs: number): number {
  switch (shape) {
    case 'constant':
      return 1;
    case 'sine':
      return 1 + SINE_SWING * Math.sin((2 * Math.PI * elapsedMs) / SINE_PERIOD_MS);
    case 'step':
      return Math.floor(elapsedMs / STEP_LENGTH_MS) % 2 === 0 ? 1 : STEP_FACTOR;
    case 'flash':
      return flashFactor((elapsedMs % FLASH.periodMs) - FLASH.quietMs);
    default:
      return assertNever(shape);
  }
}

function flashFactor(sinceBeginMs: number): number {
  if (sinceBeginMs < 0) return 1;
  const extra = FLASH.factor - 1;
  if (sinceBeginMs < FLASH.riseMs) return 1 + (extra * sinceBeginMs) / FLASH.riseMs;
  const sinceRisenMs = sinceBeginMs - FLASH.riseMs;
  if (sinceRisenMs < FLASH.holdMs) return FLASH.factor;
  const fallen = (sinceRisenMs - FLASH.holdMs) / FLASH.fallMs;
  return Math.max(1, FLASH.factor - extra * fallen);
}

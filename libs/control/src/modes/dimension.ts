import { assertNever } from '../config.ts';
import { writeDuration } from '../explain.ts';
import type {
  Dimension,
  DimensionState,
  ModeConfig,
  ModeState,
  ModeTransition,
  TriggerId,
} from './mode.ts';
import { evidenceOf, type Readings, type Sight } from './reading.ts';
import { TRIGGERS, triggersOf } from './triggers.ts';

export interface DimensionStep {
  readonly state: DimensionState;
  readonly transition: ModeTransition | null;
}

/** What a dimension's step may look at. */
export interface DimensionInput {
  readonly machine: Pick<ModeState, 'config' | 'aboveMs'>;
  readonly dimension: Dimension;
  readonly readings: Readings;
  readonly sight: Sight;
  readonly nowMs: number;
  readonly dtMs: number;
}

/**
 * One step of one dimension, at most one transition:
 *
 *     target -> degraded          any trigger
 *     degraded -> floor           a floor trigger
 *     degraded -> recovery        no trigger for exitDwellMs
 *     floor -> recovery           no floor trigger for exitDwellMs
 *     recovery -> floor, degraded a trigger, straight back
 *     recovery -> target          stable evidence for stableForMs
 *
 * Getting worse needs one figure that is seen; getting better needs sight of all of them.
 */
export function stepDimension(before: DimensionState, input: DimensionInput): DimensionStep {
  switch (before.mode) {
    case 'target':
      return fromTarget(before, input);
    case 'degraded':
    case 'floor':
      return fromTrouble(before, input);
    case 'recovery':
      return fromRecovery(before, input);
    default:
      return assertNever(before);
  }
}

function fromTarget(before: DimensionState, input: DimensionInput): DimensionStep {
  const trigger = worstOf(input.sight.active);
  return trigger === null ? stay(before) : fall(before, 'degraded', trigger, input);
}

function fromTrouble(
  before: DimensionState & { readonly mode: 'degraded' | 'floor' },
  input: DimensionInput,
): DimensionStep {
  const { sight, machine } = input;
  const floor = sight.active.find((id) => TRIGGERS[id].level === 'floor');
  if (before.mode === 'degraded' && floor !== undefined) {
    return fall(before, 'floor', floor, input);
  }
  if (sight.blind !== null) {
    return stay(before);
  }
  const over = before.mode === 'floor' ? floor === undefined : sight.active.length === 0;
  const clearedMs = over ? before.clearedMs + input.dtMs : 0;
  // At least one step passes before leaving: what has just been seen is seen again.
  if (!over || clearedMs < machine.config.exitDwellMs || clearedMs === 0) {
    return stay({ mode: before.mode, clearedMs });
  }
  return {
    state: { mode: 'recovery', from: before.mode, stableMs: 0 },
    transition: {
      from: before.mode,
      to: 'recovery',
      atMs: input.nowMs,
      dimension: input.dimension,
      cause: { kind: 'triggers-over' },
      text: `Its ${before.mode} triggers have been over for ${writeDuration(clearedMs)}.`,
      evidence: evidenceOf(input.readings, triggersOf(input.dimension)),
      dwellMs: clearedMs,
    },
  };
}

function fromRecovery(
  before: DimensionState & { readonly mode: 'recovery' },
  input: DimensionInput,
): DimensionStep {
  const { sight, machine } = input;
  const trigger = worstOf(sight.active);
  if (trigger !== null) {
    return fall(before, TRIGGERS[trigger].level, trigger, input);
  }
  if (sight.blind !== null) {
    return stay(before);
  }
  const { config } = machine;
  const stableMs = sight.healthy
    ? before.stableMs + input.dtMs
    : phaseStartMs(config, before.stableMs);
  if (stableMs < config.stableForMs) {
    return stay({ ...before, stableMs });
  }
  return {
    state: { mode: 'target' },
    transition: {
      from: 'recovery',
      to: 'target',
      atMs: input.nowMs,
      dimension: input.dimension,
      cause: { kind: 'stable', forMs: stableMs },
      text: `Its evidence has been stable for ${writeDuration(stableMs)}.`,
      evidence: evidenceOf(input.readings, triggersOf(input.dimension)),
      dwellMs: stableMs,
    },
  };
}

function stay(state: DimensionState): DimensionStep {
  return { state, transition: null };
}

function fall(
  before: DimensionState,
  to: 'degraded' | 'floor',
  trigger: TriggerId,
  input: DimensionInput,
): DimensionStep {
  const reading = input.readings[trigger];
  const level = reading.kind === 'seen' ? reading.level : Number.NaN;
  const what = reading.kind === 'seen' ? TRIGGERS[trigger].text(level) : trigger;
  return {
    state: { mode: to, clearedMs: 0 },
    transition: {
      from: before.mode,
      to,
      atMs: input.nowMs,
      dimension: input.dimension,
      cause: { kind: 'trigger', trigger },
      text: `${what.charAt(0).toUpperCase()}${what.slice(1)}.`,
      evidence: evidenceOf(input.readings, input.sight.active),
      dwellMs: input.machine.aboveMs[trigger] ?? 0,
    },
  };
}

function worstOf(active: readonly TriggerId[]): TriggerId | null {
  return active.find((id) => TRIGGERS[id].level === 'floor') ?? active[0] ?? null;
}

/** Where the present step of Recovery began: unrest repeats the step, not all of Recovery. */
function phaseStartMs(config: ModeConfig, stableMs: number): number {
  const step = rampStep(config, stableMs);
  return step === null ? 0 : config.validateForMs + step * rampStepMs(config);
}

function rampStepMs(config: ModeConfig): number {
  return (config.stableForMs - config.validateForMs) / config.ramp.length;
}

/** Index into the ramp; null while validating. */
function rampStep(config: ModeConfig, stableMs: number): number | null {
  if (stableMs < config.validateForMs) {
    return null;
  }
  const step = Math.floor((stableMs - config.validateForMs) / rampStepMs(config));
  return Math.min(step, config.ramp.length - 1);
}

/** Share given back at this point of Recovery: 0 while validating, then the ramp. */
export function recoveryShare(config: ModeConfig, stableMs: number): number {
  const step = rampStep(config, stableMs);
  return step === null ? 0 : (config.ramp[step] ?? 1);
}

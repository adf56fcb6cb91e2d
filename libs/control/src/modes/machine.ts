/**
 * The operating modes of one service.
 *
 * Each of four dimensions (discovery, config, resilience, load) is Target, Degraded, Floor or
 * Recovery by its own triggers; the service's mode is that of its worst dimension. A trigger fires
 * when its figure has been above its entry threshold for its dwell time, and is over when the
 * figure is at or below its exit threshold, which is what Target demands.
 *
 *     Target -> Degraded -> Floor         on triggers
 *     Degraded, Floor -> Recovery         when they have been over for `exitDwellMs`
 *     Recovery -> Target                  after `stableForMs` of stable evidence: validate, then
 *                                         give back 10 %, 50 %, 100 %
 *     Recovery -> Degraded, Floor         at once on a trigger
 *
 * The service obeys the same table: when its worst dimension goes from Floor to Recovery while
 * another is Degraded, the service passes through Recovery for one step.
 *
 * Stale or missing evidence is not a mode. A figure that cannot be seen fires nothing and ends
 * nothing: dwell and stability times stand still, and the report says so. All times are the
 * caller's; a clock that goes back changes nothing, a long gap counts as `maxStepMs`.
 */

import { type DimensionStep, recoveryShare, stepDimension } from './dimension.ts';
import type {
  Dimension,
  DimensionState,
  Mode,
  ModeConfigInput,
  ModeReport,
  ModeState,
  ModeStepInput,
  ModeTransition,
  TriggerId,
} from './mode.ts';
import { modeConfig } from './mode-config.ts';
import { evidenceOf, type Readings, read, type Sight, sightOf } from './reading.ts';
import { DIMENSIONS, TRIGGER_IDS, TRIGGERS } from './triggers.ts';

const SEVERITY: readonly Mode[] = ['target', 'recovery', 'degraded', 'floor'];

type PerDimension<T> = { readonly [d in Dimension]: T };

export const modeMachine = {
  init(config: ModeConfigInput = {}): ModeState {
    return {
      config: modeConfig(config),
      lastMs: null,
      overall: 'target',
      overallSinceMs: null,
      dimensions: perDimension(() => ({ mode: 'target' })),
      aboveMs: {},
      active: [],
    };
  },
  step,
  retune(state: ModeState, config: ModeConfigInput = {}): ModeState {
    return { ...state, config: modeConfig(config) };
  },
};

export function worseMode(a: Mode, b: Mode): Mode {
  return SEVERITY.indexOf(a) >= SEVERITY.indexOf(b) ? a : b;
}

function step(
  before: ModeState,
  { nowMs, inputs }: ModeStepInput,
): { readonly state: ModeState; readonly output: ModeReport } {
  if (!Number.isFinite(nowMs) || (before.lastMs !== null && nowMs < before.lastMs)) {
    const state = Number.isFinite(nowMs) ? { ...before, lastMs: nowMs } : before;
    const held: ModeReport['held'] = { reason: 'clock-went-back', dimensions: DIMENSIONS };
    return { state, output: reportOf(state, { held, transition: null, dimensionSteps: [] }) };
  }
  const dtMs =
    before.lastMs === null ? 0 : Math.min(nowMs - before.lastMs, before.config.maxStepMs);
  const readings = read(before.config, inputs, nowMs);
  const fired = fireTriggers(before, readings, dtMs);
  const sights = perDimension((d) => sightOf(fired, readings, d));
  const steps = perDimension((dimension) =>
    stepDimension(before.dimensions[dimension], {
      machine: fired,
      dimension,
      readings,
      sight: sights[dimension],
      nowMs,
      dtMs,
    }),
  );
  const moved: ModeState = {
    ...fired,
    lastMs: nowMs,
    dimensions: perDimension((d) => steps[d].state),
    overallSinceMs: before.overallSinceMs ?? nowMs,
  };
  const transition = overallTransition(moved, steps, readings, nowMs);
  const state: ModeState =
    transition === null ? moved : { ...moved, overall: transition.to, overallSinceMs: nowMs };
  const dimensionSteps = DIMENSIONS.map((d) => steps[d]);
  return {
    state,
    output: reportOf(state, { held: blindness(sights), transition, dimensionSteps }),
  };
}

/** Dwell times go on where the figure is seen, and stand still where it is not. */
function fireTriggers(before: ModeState, readings: Readings, dtMs: number): ModeState {
  const aboveMs: { [id in TriggerId]?: number } = { ...before.aboveMs };
  const active = new Set(before.active);
  for (const id of TRIGGER_IDS) {
    const reading = readings[id];
    const { enter, exit, dwellMs } = before.config.thresholds[id];
    if (reading.kind !== 'seen' || enter === null) {
      continue;
    }
    if (reading.level > enter) {
      const since = before.aboveMs[id];
      aboveMs[id] = since === undefined ? 0 : since + dtMs;
      if (aboveMs[id] >= dwellMs) {
        active.add(id);
      }
      continue;
    }
    delete aboveMs[id];
    if (reading.level <= exit) {
      active.delete(id);
    }
  }
  return { ...before, aboveMs, active: TRIGGER_IDS.filter((id) => active.has(id)) };
}

function overallTransition(
  state: ModeState,
  steps: PerDimension<DimensionStep>,
  readings: Readings,
  nowMs: number,
): ModeTransition | null {
  const worst = worstDimension(state);
  const goal = state.dimensions[worst].mode;
  const to = state.overall === 'floor' && goal === 'degraded' ? 'recovery' : goal;
  if (to === state.overall) {
    return null;
  }
  const cause = DIMENSIONS.map((d) => steps[d].transition).find((made) => made?.to === to);
  if (cause !== undefined && cause !== null) {
    return { ...cause, from: state.overall };
  }
  // The step after the passage through Recovery: the other dimension's trouble is still there.
  const active = state.active.filter((id) => TRIGGERS[id].dimension === worst);
  const [trigger] = active;
  return {
    from: state.overall,
    to,
    atMs: nowMs,
    dimension: worst,
    cause: trigger === undefined ? { kind: 'triggers-over' } : { kind: 'trigger', trigger },
    text: `Its ${worst} is still ${to}.`,
    evidence: evidenceOf(readings, active),
    dwellMs: 0,
  };
}

function worstDimension(state: ModeState): Dimension {
  return DIMENSIONS.reduce((worst, dimension) => {
    const candidate = SEVERITY.indexOf(state.dimensions[dimension].mode);
    return candidate > SEVERITY.indexOf(state.dimensions[worst].mode) ? dimension : worst;
  });
}

function blindness(sights: PerDimension<Sight>): ModeReport['held'] {
  const dimensions = DIMENSIONS.filter((d) => sights[d].blind !== null);
  const [first] = dimensions;
  const reason = first === undefined ? null : sights[first].blind;
  return reason === null ? null : { reason, dimensions };
}

function reportOf(
  state: ModeState,
  happened: {
    readonly held: ModeReport['held'];
    readonly transition: ModeTransition | null;
    readonly dimensionSteps: readonly DimensionStep[];
  },
): ModeReport {
  return {
    mode: state.overall,
    sinceMs: state.overallSinceMs ?? 0,
    worst: worstDimension(state),
    dimensions: perDimension((d) => state.dimensions[d].mode),
    transition: happened.transition,
    dimensionTransitions: happened.dimensionSteps.flatMap((made) => made.transition ?? []),
    activeTriggers: state.active,
    held: happened.held,
    recovery: state.overall === 'recovery' ? recoveryOf(state) : null,
  };
}

/** Of the dimension that is furthest from done; what was at the floor is handed back as such. */
function recoveryOf(state: ModeState): ModeReport['recovery'] {
  const recovering = DIMENSIONS.map((d) => state.dimensions[d]).filter(
    (dimension): dimension is DimensionState & { readonly mode: 'recovery' } =>
      dimension.mode === 'recovery',
  );
  if (recovering.length === 0) {
    return null;
  }
  const stableMs = Math.min(...recovering.map((dimension) => dimension.stableMs));
  const share = recoveryShare(state.config, stableMs);
  return {
    from: recovering.some((dimension) => dimension.from === 'floor') ? 'floor' : 'degraded',
    phase: share === 0 ? 'validating' : 'ramping',
    share,
    stableMs,
  };
}

function perDimension<T>(make: (dimension: Dimension) => T): PerDimension<T> {
  return {
    discovery: make('discovery'),
    config: make('config'),
    resilience: make('resilience'),
    load: make('load'),
  };
}

/**
 * Where the search for gains begins, and how far a loop is from swinging.
 *
 * `pid` sets a relative change of the count in each period: its proportional part adds up, so it
 * is the integral of a positional loop, and its derivative part the proportional one:
 *
 *     kp = Ki everyS,   kd = Kp everyS        Kp, Ki: positional gains in ratio form
 */
import {
  type Controller,
  deadTimeMargin,
  type Gains,
  gainMargin,
  identify,
  type Margin,
  type PidLawConfig,
  pidLaw,
  relayExperiment,
  relayGains,
  runLoop,
  simcGains,
  stepExperiment,
  type Trajectory,
} from '@flyball/control';
import { type FluidFleet, FluidRun } from './fluid-fleet.ts';

/** Large, so that whole replicas are no steps. */
const MANY = 1_000;
/** The relay and the step move the fleet by this share of it. */
const NUDGE = 0.1;

export interface Bench {
  readonly fleet: Omit<FluidFleet, 'load'>;
  readonly setpoint: number;
  readonly everyMs: number;
}

export type PidGains = Pick<Required<PidLawConfig>, 'kp' | 'ki' | 'kd'>;

export interface Start {
  readonly name: string;
  /** Null: the experiment came to nothing. */
  readonly gains: PidGains | null;
}

export function startsFor(bench: Bench): Start[] {
  return [
    { name: 'relay', gains: fromRelay(bench) },
    { name: 'SIMC', gains: fromStep(bench) },
  ];
}

function plantOf({ fleet, setpoint }: Bench) {
  return () => new FluidRun({ ...fleet, load: MANY * setpoint }, MANY).advance;
}

/** Long enough for twenty swings of a loop with this much dead time. */
function longMs({ fleet, everyMs }: Bench): number {
  const deadMs = fleet.startUpMs + fleet.windowMs + fleet.lagMs + everyMs;
  return Math.ceil((80 * deadMs) / everyMs) * everyMs;
}

function fromRelay(bench: Bench): PidGains | null {
  const { setpoint, everyMs } = bench;
  const { ultimate } = relayExperiment({
    plant: plantOf(bench),
    setpoint,
    centre: MANY,
    amplitude: NUDGE * MANY,
    action: 'reverse',
    everyMs,
    durationMs: longMs(bench),
  });
  return ultimate === null ? null : inRatioForm(relayGains(ultimate), bench);
}

function fromStep(bench: Bench): PidGains | null {
  const { everyMs } = bench;
  const model = identify(
    stepExperiment({
      plant: plantOf(bench),
      from: MANY,
      to: MANY * (1 + NUDGE),
      // The response is looked at more closely than the loop looks.
      everyMs: Math.min(everyMs, 1_000),
      settleMs: longMs(bench) / 10,
      durationMs: longMs(bench) / 4,
    }),
  );
  return model === null ? null : inRatioForm(simcGains(model, { everyMs }), bench);
}

/** Positional gains, replicas per signal, as those of the law; kept to what it takes. */
function inRatioForm({ kp, ki }: Gains, { setpoint, everyMs }: Bench): PidGains {
  const ratio = setpoint / MANY;
  const everyS = everyMs / 1_000;
  return {
    kp: rounded(Math.min(2, ki * ratio * everyS)),
    ki: 0,
    kd: rounded(kp * ratio * everyS),
  };
}

export function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

export interface Margins {
  readonly gain: Margin;
  /** Dead time on top of what there is. */
  readonly deadTimeMs: Margin;
}

/** How much stronger, and how much later, the loop could act before it swings. */
export function marginsOf(config: PidLawConfig, bench: Bench): Margins {
  const run = (factor: number, extraDelayMs: number) => swing(config, bench, factor, extraDelayMs);
  return {
    gain: gainMargin((factor) => run(factor, 0), { quiet: QUIET }),
    deadTimeMs: deadTimeMargin((extraMs) => run(1, extraMs), {
      precisionMs: 1_000,
      mostMs: 600_000,
      quiet: QUIET,
    }),
  };
}

/** Whole replicas of a thousand make the signal move by as much. */
const QUIET = 0.003;

/** From a tenth too few replicas to rest, or not. */
function swing(
  config: PidLawConfig,
  bench: Bench,
  factor: number,
  extraDelayMs: number,
): Trajectory {
  const { fleet, setpoint, everyMs } = bench;
  let at: FluidRun | null = null;
  return runLoop({
    plant: () => {
      at = new FluidRun({ ...fleet, load: MANY * setpoint * (1 + NUDGE) }, MANY);
      return at.advance;
    },
    controller: () => controllerFor(config, bench, { factor, run: () => at as FluidRun }),
    setpoint,
    value: MANY,
    everyMs,
    durationMs: longMs(bench) + 20 * extraDelayMs,
    extraDelayMs,
  });
}

function controllerFor(
  config: PidLawConfig,
  { fleet }: Bench,
  { factor, run }: { readonly factor: number; readonly run: () => FluidRun },
): Controller {
  // In its band a loop is at rest whatever its gains: they are judged without it.
  const { hysteresis: _, ...linear } = config;
  let state = pidLaw.init({ ...linear, signal: 'utilization' });
  return ({ nowMs, measured, applied }) => {
    const { ready, starting } = run();
    const step = pidLaw.step(state, {
      nowMs,
      evidenceAgeMs: fleet.lagMs,
      windowMs: fleet.windowMs,
      ratePerSecond: null,
      utilization: measured,
      inFlight: null,
      p99Ms: null,
      errorRatio: null,
      applied,
      ready,
      starting,
    });
    state = step.state;
    return Math.max(1, applied + factor * (step.output.value - applied));
  };
}

/** What one seed of the storm is: a service, its load, what goes wrong, and what a user chose. */
import { Draws } from '../random.ts';

/** Figures that telemetry may lose, zero or spoil. */
export const FIGURES = ['ratePerSecond', 'utilization', 'inFlight', 'p99Ms', 'errorRatio'] as const;
export type Figure = (typeof FIGURES)[number];

interface Span {
  readonly fromS: number;
  readonly toS: number;
}

/** All figures, or one of them. */
type Which = Figure | 'all';

export type StormFault =
  /** Samples do not come; nothing is left of a window full of them. */
  | (Span & { readonly kind: 'loss'; readonly which: Which })
  /** Samples come as zero. */
  | (Span & { readonly kind: 'zeros'; readonly which: Which })
  /** Figures come as what they cannot be. */
  | (Span & { readonly kind: 'poison'; readonly which: Which; readonly value: number })
  /** The last figures are shown again and again, ever older. */
  | (Span & { readonly kind: 'stale' })
  /** Most samples are lost by chance. */
  | (Span & { readonly kind: 'lossy'; readonly ratio: number })
  /** The controller's clock is set; telemetry's with it, or not. */
  | {
      readonly kind: 'clock';
      readonly atS: number;
      readonly byMs: number;
      readonly telemetryToo: boolean;
    }
  /** Orders are refused, half carried out, or late. */
  | (Span & { readonly kind: 'actuator'; readonly how: 'refuses' | 'halves' | 'late' })
  /** Some replicas die and start anew. */
  | { readonly kind: 'crash'; readonly atS: number; readonly share: number };

export interface Weather {
  readonly seconds: number;
  /** Requests a second, for each second: the true demand. */
  readonly perSecond: Float64Array;
  readonly serviceMs: number;
  readonly workers: number;
  readonly startupS: number;
  readonly windowS: number;
  readonly lagS: number;
  readonly faults: readonly StormFault[];
  /** For the laws' settings, and for chance in the run. */
  readonly settingsSeed: number;
  readonly chanceSeed: number;
}

const STORM_SECONDS = 2_400;
const LONGEST_FAULT_S = 720;

/** Of a run, one after another: more cannot be told from a service that nobody calls. */
const MOST_SILENCE_S = 720;

/** A number of its own for each seed and purpose. */
export function mixed(seed: number, purpose: number): number {
  let bits = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  return (bits ^ (bits >>> 15)) >>> 0;
}

export function weatherOf(seed: number): Weather {
  const draws = new Draws({ seed: mixed(seed, 1) });
  const perSecond = loadOf(draws);
  return {
    seconds: STORM_SECONDS,
    perSecond,
    serviceMs: Math.round(between(draws, 10, 200)),
    workers: pick(draws, [1, 1, 2, 4, 8]),
    startupS: pick(draws, [1, 5, 15, 30, 60, 90]),
    windowS: pick(draws, [5, 10, 20, 30]),
    lagS: pick(draws, [0, 1, 2, 5, 10]),
    faults: faultsOf(draws),
    settingsSeed: mixed(seed, 2),
    chanceSeed: mixed(seed, 3),
  };
}

function between(draws: Draws, from: number, to: number): number {
  return from + draws.uniform() * (to - from);
}

export function pick<T>(draws: Draws, from: readonly T[]): T {
  return from[Math.floor(draws.uniform() * from.length)] as T;
}

/** A base, a slow swing, and steps, ramps and flashes on it. It is never quite silent. */
function loadOf(draws: Draws): Float64Array {
  const base = 20 * 30 ** draws.uniform();
  const swing = between(draws, 0, 0.6);
  const periodS = between(draws, 300, 3_600);
  const phase = between(draws, 0, 2 * Math.PI);
  const load = new Float64Array(STORM_SECONDS);
  for (let second = 0; second < STORM_SECONDS; second += 1) {
    load[second] = base * (1 + swing * Math.sin(phase + (2 * Math.PI * second) / periodS));
  }
  const events = Math.floor(between(draws, 0, 5));
  for (let event = 0; event < events; event += 1) addEvent(draws, load);
  return load;
}

function addEvent(draws: Draws, load: Float64Array): void {
  const fromS = Math.floor(between(draws, 60, STORM_SECONDS - 120));
  const lastsS = Math.floor(between(draws, 20, 1_200));
  const rampS = pick(draws, [0, 0, 30, 300]);
  const factor = draws.uniform() < 0.5 ? between(draws, 1.3, 4) : between(draws, 0.15, 0.8);
  const toS = Math.min(STORM_SECONDS, fromS + lastsS);
  for (let second = fromS; second < toS; second += 1) {
    const share = rampS === 0 ? 1 : Math.min(1, (second - fromS) / rampS);
    load[second] = (load[second] as number) * (1 + (factor - 1) * share);
  }
}

function faultsOf(draws: Draws): readonly StormFault[] {
  const count = 1 + Math.floor(between(draws, 0, 6));
  let silenceS = MOST_SILENCE_S;
  return Array.from({ length: count }, () => faultOf(draws)).filter((fault) => {
    // What is stale may go on showing a silence.
    if (fault.kind !== 'zeros' && fault.kind !== 'stale') return true;
    silenceS -= fault.toS - fault.fromS;
    return silenceS >= 0;
  });
}

const KINDS = [
  'loss',
  'zeros',
  'zeros',
  'poison',
  'stale',
  'lossy',
  'clock',
  'actuator',
  'crash',
] as const;
const POISON = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1] as const;
const CLOCK_STEPS_MS = [1_000, 20_000, 120_000, 3_600_000, 86_400_000] as const;

function faultOf(draws: Draws): StormFault {
  const fromS = Math.floor(between(draws, 30, STORM_SECONDS - 60));
  // Short ones are as likely as long ones.
  const lastsS = 1 + Math.floor(LONGEST_FAULT_S ** draws.uniform());
  const span = { fromS, toS: fromS + lastsS };
  const which: Which = draws.uniform() < 0.5 ? 'all' : pick(draws, FIGURES);
  const kind = pick(draws, KINDS);
  switch (kind) {
    case 'loss':
    case 'zeros':
      return { kind, which, ...span };
    case 'poison':
      return { kind, which, value: pick(draws, POISON), ...span };
    case 'stale':
      return { kind, ...span };
    case 'lossy':
      return { kind, ratio: between(draws, 0.3, 0.95), ...span };
    case 'clock': {
      const byMs = pick(draws, CLOCK_STEPS_MS) * (draws.uniform() < 0.5 ? 1 : -1);
      return { kind, atS: fromS, byMs, telemetryToo: draws.uniform() < 0.5 };
    }
    case 'actuator':
      return { kind, how: pick(draws, ['refuses', 'halves', 'late'] as const), ...span };
    case 'crash':
      return { kind, atS: fromS, share: between(draws, 0.1, 0.6) };
  }
}

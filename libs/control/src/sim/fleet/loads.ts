/**
 * Shapes of load, an hour of each at up to a few hundred requests a second, as services see them.
 * Those with chance in them take a seed; the same seed gives the same load.
 */
import { Draws } from '../random.ts';
import type { FleetFault, Workload } from './run.ts';

/** Loads that repeat exactly, so that a season can be seen in them. */
export const REPEATING: readonly string[] = ['sine', 'square', 'sawtooth', 'blackout'];

/** A load with what else goes wrong while it lasts. */
export interface LoadCase {
  readonly name: string;
  make(seed: number): Workload;
  readonly faults?: readonly FleetFault[];
  readonly lossRatio?: number;
}

const HOUR_S = 3_600;

export const LOAD_CASES: readonly LoadCase[] = [
  shape('step', (s) => (s >= 900 && s < 2_400 ? 300 : 120)),
  shape('ramp', (s) => 100 + 300 * Math.min(1, Math.max(0, (s - 600) / 1_200)) - late(s)),
  shape('sine', (s) => 200 + 120 * Math.sin((2 * Math.PI * s) / 600)),
  shape('flash-crowd', (s) => 100 + crowd(s - 1_200, 400) + crowd(s - 2_700, 250)),
  shape('square', (s) => (Math.floor(s / 240) % 2 === 0 ? 120 : 300)),
  shape('sawtooth', (s) => 100 + ((s % 500) / 500) * 250),
  {
    name: 'slow-leak',
    make: () => ({
      name: 'slow-leak',
      perSecond: hour(() => 200),
      slowdown: hour((s) => 1 + (0.6 * s) / HOUR_S),
    }),
  },
  shape(
    'diurnal',
    (s) =>
      220 - 140 * Math.cos((2 * Math.PI * s) / HOUR_S) + 25 * Math.sin((2 * Math.PI * s) / 400),
  ),
  { name: 'broken-season', make: (seed) => ({ name: 'broken-season', perSecond: broken(seed) }) },
  { name: 'regimes', make: (seed) => ({ name: 'regimes', perSecond: regimes(seed) }) },
  { name: 'noise', make: (seed) => ({ name: 'noise', perSecond: noise(seed) }) },
  {
    ...shape('blackout', (s) => 200 + 120 * Math.sin((2 * Math.PI * s) / 900)),
    faults: [
      { kind: 'dark', fromS: 1_300, toS: 1_480 },
      { kind: 'dark', fromS: 2_500, toS: 2_620 },
    ],
  },
  {
    name: 'lossy',
    make: (seed) => ({ name: 'lossy', perSecond: regimes(seed + 1) }),
    lossRatio: 0.3,
  },
];

/** A recorded series of one number per second. */
export function recordedLoad(name: string, perSecond: readonly number[]): LoadCase {
  return { name, make: () => ({ name, perSecond }) };
}

/** Reads one number per line; says which line is none. */
export function parseLoad(text: string): readonly number[] {
  const lines = text.trim().split('\n');
  return lines.map((line, index) => {
    const value = Number(line.trim());
    if (line.trim() === '' || !Number.isFinite(value) || value < 0) {
      throw new Error(
        `line ${index + 1}: "${line.slice(0, 40)}" is no rate: one number of requests per second ` +
          'a line, 0 or above',
      );
    }
    return value;
  });
}

function hour(at: (second: number) => number): readonly number[] {
  return Array.from({ length: HOUR_S }, (_, second) => Math.max(0, at(second)));
}

function shape(name: string, at: (second: number) => number): LoadCase {
  const perSecond = hour(at);
  return { name, make: () => ({ name, perSecond }) };
}

function late(second: number): number {
  return 300 * Math.min(1, Math.max(0, (second - 2_500) / 600));
}

/** Rises in half a minute, then goes away slowly. */
function crowd(sinceS: number, peak: number): number {
  if (sinceS < 0) return 0;
  return sinceS < 30 ? (peak * sinceS) / 30 : peak * Math.exp(-(sinceS - 30) / 400);
}

/** A square wave whose every half lasts from 150 to 330 s, as chance has it. */
function broken(seed: number): readonly number[] {
  const draws = new Draws({ seed: seed * 6_007 + 3 });
  let isHigh = false;
  let left = 240;
  return hour(() => {
    left -= 1;
    if (left <= 0) {
      isHigh = !isHigh;
      left = 150 + 180 * draws.uniform();
    }
    return isHigh ? 300 : 120;
  });
}

const LEVELS = [100, 180, 260, 340] as const;

/** Stays on a level for four minutes on average, then goes to any other. */
function regimes(seed: number): readonly number[] {
  const draws = new Draws({ seed: seed * 7_919 + 17 });
  let level = 1;
  let left = 0;
  return hour(() => {
    if (left <= 0) {
      level = (level + 1 + Math.floor(draws.uniform() * (LEVELS.length - 1))) % LEVELS.length;
      left = 60 + draws.exponential(180);
    }
    left -= 1;
    return LEVELS[level] as number;
  });
}

/** Wanders by 15 % around its level, with a memory of 20 s. */
function noise(seed: number): readonly number[] {
  const draws = new Draws({ seed: seed * 104_729 + 5 });
  const keep = Math.exp(-1 / 20);
  let wander = 0;
  return hour(() => {
    wander = keep * wander + Math.sqrt(1 - keep ** 2) * draws.normal();
    return 220 * (1 + 0.15 * wander);
  });
}

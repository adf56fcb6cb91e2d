import { Draws } from '../random.ts';
import type { Sample } from './plant.ts';
import { FIGURES, type Figure, mixed, type StormFault, type Weather } from './weather.ts';

export type Seen = { readonly [figure in Figure]: number | null } & {
  readonly evidenceAgeMs: number | null;
};

const NOTHING: Seen = {
  ratePerSecond: null,
  utilization: null,
  inFlight: null,
  p99Ms: null,
  errorRatio: null,
  evidenceAgeMs: null,
};

/** Telemetry with its window, its lag and its faults. Samples are of one second. */
export class Sight {
  private readonly weather: Weather;
  private readonly draws: Draws;
  /** Of each figure, by second; NaN: lost. */
  private readonly samples: { readonly [figure in Figure]: Float64Array };
  private frozen: { readonly seen: Seen; readonly untilMs: number } | null = null;
  private clockMs = 0;
  private telemetryClockMs = 0;

  constructor(weather: Weather) {
    this.weather = weather;
    this.draws = new Draws({ seed: mixed(weather.chanceSeed, 4) });
    const column = () => new Float64Array(weather.seconds).fill(Number.NaN);
    this.samples = {
      ratePerSecond: column(),
      utilization: column(),
      inFlight: column(),
      p99Ms: column(),
      errorRatio: column(),
    };
  }

  /** The controller's clock at the end of this second. */
  nowMs(second: number): number {
    return EPOCH_MS + (second + 1) * 1_000 + this.clockMs;
  }

  setClock(fault: StormFault & { kind: 'clock' }): void {
    this.clockMs += fault.byMs;
    if (fault.telemetryToo) this.telemetryClockMs += fault.byMs;
  }

  note(second: number, sample: Sample, faults: readonly StormFault[]): void {
    for (const figure of FIGURES) {
      let value = sample[figure];
      for (const fault of faults) {
        if (fault.kind === 'lossy' && this.draws.uniform() < fault.ratio) value = Number.NaN;
        if (!('which' in fault) || (fault.which !== 'all' && fault.which !== figure)) continue;
        if (fault.kind === 'loss') value = Number.NaN;
        if (fault.kind === 'zeros' && !Number.isNaN(value)) value = 0;
      }
      this.samples[figure][second] = value;
    }
  }

  /** What can be read at the end of this second. */
  at(second: number, faults: readonly StormFault[]): Seen {
    const { windowS, lagS } = this.weather;
    const endS = second + 1 - lagS;
    const isStale = faults.some(({ kind }) => kind === 'stale');
    if (!isStale || this.frozen === null) {
      const untilMs = EPOCH_MS + endS * 1_000 + this.telemetryClockMs;
      this.frozen = { seen: this.window(endS - windowS, endS), untilMs };
    }
    const { seen, untilMs } = this.frozen;
    const known = FIGURES.some((figure) => seen[figure] !== null);
    const aged = known ? { ...seen, evidenceAgeMs: this.nowMs(second) - untilMs } : NOTHING;
    return faults.reduce(poisoned, aged);
  }

  private window(fromS: number, toS: number): Seen {
    const mean = (figure: Figure) => {
      const column = this.samples[figure];
      let sum = 0;
      let count = 0;
      for (let second = Math.max(0, fromS); second < toS; second += 1) {
        const value = column[second] as number;
        if (Number.isNaN(value)) continue;
        sum += value;
        count += 1;
      }
      return count === 0 ? null : sum / count;
    };
    return {
      ratePerSecond: mean('ratePerSecond'),
      utilization: mean('utilization'),
      inFlight: mean('inFlight'),
      p99Ms: mean('p99Ms'),
      errorRatio: mean('errorRatio'),
      evidenceAgeMs: null,
    };
  }
}

const EPOCH_MS = 1_700_000_000_000;

function poisoned(seen: Seen, fault: StormFault): Seen {
  if (fault.kind !== 'poison') return seen;
  if (fault.which !== 'all') return { ...seen, [fault.which]: fault.value };
  const { value } = fault;
  return {
    ratePerSecond: value,
    utilization: value,
    inFlight: value,
    p99Ms: value,
    errorRatio: value,
    evidenceAgeMs: seen.evidenceAgeMs,
  };
}

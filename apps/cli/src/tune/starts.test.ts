import { describe, expect, it } from 'vitest';
import { FluidRun } from './fluid-fleet.ts';
import { type Bench, marginsOf, startsFor } from './starts.ts';

const BENCH: Bench = {
  fleet: { startUpMs: 30_000, windowMs: 20_000, lagMs: 2_000 },
  setpoint: 0.6,
  everyMs: 15_000,
};
const config = (kp: number, startUpKnown = true) => ({
  setpoint: 0.6,
  kp,
  everyMs: 15_000,
  signalWindowMs: startUpKnown ? 20_000 : 0,
});

describe('a fleet without chance', () => {
  it('is busier with fewer, and later less busy with more', () => {
    const run = new FluidRun({ load: 60, startUpMs: 30_000, windowMs: 10_000, lagMs: 0 }, 100);
    for (let second = 0; second < 20; second += 1) run.advance(100, 1_000);
    expect(run.advance(100, 1_000)).toBeCloseTo(0.6, 9);
    // What is ordered is starting until it is ready, and the window has still to fill with it.
    expect(run.advance(120, 1_000)).toBeCloseTo(0.6, 9);
    expect([run.ready, run.starting]).toEqual([100, 20]);
    for (let second = 0; second < 29; second += 1) run.advance(120, 1_000);
    expect([run.ready, run.starting]).toEqual([120, 0]);
    expect(run.advance(120, 1_000)).toBeGreaterThan(0.55);
    for (let second = 0; second < 10; second += 1) run.advance(120, 1_000);
    expect(run.advance(120, 1_000)).toBeCloseTo(0.5, 9);
  });

  it('loses first what is only starting, then what is ready', () => {
    const run = new FluidRun({ load: 60, startUpMs: 30_000, windowMs: 1_000, lagMs: 0 }, 100);
    run.advance(120, 1_000);
    run.advance(130, 1_000);
    run.advance(115, 1_000);
    expect([run.ready, run.starting]).toEqual([100, 15]);
    run.advance(90, 1_000);
    expect([run.ready, run.starting]).toEqual([90, 0]);
  });
});

describe('where the search for gains begins', () => {
  it('is calm and stable, by either experiment', () => {
    const starts = startsFor(BENCH);
    expect(starts.map(({ name }) => name)).toEqual(['relay', 'SIMC']);
    for (const { gains } of starts) {
      expect(gains).not.toBeNull();
      expect(gains?.kp).toBeGreaterThan(0.01);
      expect(gains?.kp).toBeLessThan(1);
      const { gain } = marginsOf({ ...config(1), ...gains }, BENCH);
      expect(gain.margin).toBeGreaterThan(2);
    }
  });

  it('is calmer where a start takes longer', () => {
    const slow = startsFor({ ...BENCH, fleet: { ...BENCH.fleet, startUpMs: 120_000 } });
    for (const [index, { gains }] of startsFor(BENCH).entries()) {
      expect(slow[index]?.gains?.kp).toBeLessThan(gains?.kp ?? 0);
    }
  });
});

describe('margins', () => {
  it('shrink as the gain grows', () => {
    const margin = (kp: number) => marginsOf(config(kp), BENCH).gain.margin;
    expect(margin(0.5)).toBeGreaterThan(margin(1));
    expect(margin(1)).toBeGreaterThan(1);
    expect(margin(0.25) / margin(0.5)).toBeGreaterThan(1.2);
    // Beyond it the loop swings between an empty and a crowded fleet for ever.
    const margins = [0.5, 0.8, 1, 1.2, 1.4, 2].map(margin);
    expect(margins).toEqual(margins.toSorted((a, b) => b - a));
    expect(margin(2)).toBeLessThan(1);
  });

  it('are of dead time too, larger for calmer gains', () => {
    const late = (kp: number) => marginsOf(config(kp), BENCH).deadTimeMs;
    expect(late(1).limited).toBe(true);
    expect(late(0.25).margin).toBeGreaterThan(late(1).margin);
    expect(late(1).margin).toBeGreaterThan(5_000);
  });
});

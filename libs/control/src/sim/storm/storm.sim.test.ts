import { describe, expect, test } from 'vitest';
import { STORM_LAWS } from './pilots.ts';
import { replayCommand, runStorm, type StormRun } from './storm.ts';
import { weatherOf } from './weather.ts';

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

/** What a failing run prints: what it did, and the command that replays it. */
function faultsOf(runs: readonly StormRun[]): readonly string[] {
  return runs.flatMap((run) =>
    run.actions
      .filter(({ verdict }) => verdict !== 'right')
      .map(
        ({ verdict, decidedS, from, to, least, most }) =>
          `${replayCommand(run)}: ${verdict} at ${decidedS} s, ${from} to ${to}, ` +
          `the demand kept ${least} to ${most} busy`,
      ),
  );
}

describe.each(STORM_LAWS)('%s in the storm', (law) => {
  const runs = SEEDS.map((seed) => runStorm(law, seed));

  test('takes no wrong direction, and nothing away while blind', () => {
    expect(faultsOf(runs)).toEqual([]);
  });

  test('is not right by doing nothing: it goes both ways, and follows the demand', () => {
    const actions = runs.flatMap((run) => run.actions);
    expect(actions.filter(({ from, to }) => to > from).length).toBeGreaterThan(SEEDS.length);
    expect(actions.filter(({ from, to }) => to < from).length).toBeGreaterThan(SEEDS.length / 2);
    const total = (of: (run: StormRun) => number) => runs.reduce((sum, run) => sum + of(run), 0);
    const overloaded = total(({ overloadedS }) => overloadedS);
    expect(overloaded / (SEEDS.length * 2_400)).toBeLessThan(0.1);
    const excess = total(({ replicaSeconds }) => replicaSeconds);
    expect(excess / total(({ neededSeconds }) => neededSeconds)).toBeLessThan(8);
  });
});

describe('the storm itself', () => {
  test('finds what a loop does that believes every zero', () => {
    const runs = SEEDS.map((seed) => runStorm('pid', seed, { unconfirmed: true }));
    expect(faultsOf(runs).length).toBeGreaterThan(2);
    expect(faultsOf(runs)[0]).toMatch(/^npm run bench -- storm --law pid --seed \d+: wrong-down/);
  });

  test('is the same for the same seed, whether it is written down or not', () => {
    const { log: none, ...run } = runStorm('pid', 5);
    const { log, ...again } = runStorm('pid', 5, { log: true });
    expect(again).toEqual(run);
    expect(none).toEqual([]);
    expect(log.length).toBeGreaterThan(50);
  });

  test('has every kind of fault', () => {
    const kinds = SEEDS.flatMap((seed) => weatherOf(seed).faults.map(({ kind }) => kind));
    expect([...new Set(kinds)].sort()).toEqual([
      'actuator',
      'clock',
      'crash',
      'loss',
      'lossy',
      'poison',
      'stale',
      'zeros',
    ]);
  });
});

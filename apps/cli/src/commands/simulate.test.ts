import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { flyball, folder, policy, removeFolder, written } from '../policy.fixture.ts';

afterAll(removeFolder);

const CAPACITY = policy('own', { loop: 'law: { capacity: {} }\n      every: 15s' });
const LOAD = written(
  'load.txt',
  [...new Array(120).fill(60), ...new Array(180).fill(110)].join('\n'),
);

/** The policy's text with other limits. */
function limited(file: string, limits: string): string {
  return readFileSync(file, 'utf8').replace('min: 2, max: 40', limits);
}

const simulate = (...args: string[]) => flyball(['simulate', ...args]);

async function scores(...args: string[]) {
  const { code, out, err } = await simulate(CAPACITY, '--load', LOAD, '--json', ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

describe('simulate', () => {
  it('prints a scoreboard and the trajectory', async () => {
    const { code, out } = await simulate(CAPACITY, '--load', LOAD, '--compare', 'hpa,static');
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe(
      'own (capacity) on swift, load load, 5 min, seed 1; objective: 99 % within 800 ms',
    );
    expect(lines[2]).toMatch(/^policy +violating +longest +replica-h/);
    expect(lines.slice(4, 7).map((line) => line.split(/\s+/)[0])).toEqual(['own', 'hpa', 'static']);
    for (const chart of ['requests/s', 'replicas (█ ready', 'p99, ms (─ objective 800 ms)']) {
      expect(out).toContain(chart);
    }
    expect(lines.at(-1)?.trim()).toMatch(/^0:00.*5:00$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('gives the same run for the same seed, and another for another', async () => {
    const first = await scores('--seed', '7');
    expect(await scores('--seed', '7')).toEqual(first);
    expect((await scores('--seed', '8')).trajectories).not.toEqual(first.trajectories);
    expect(first).toMatchObject({ policy: 'own', law: 'capacity', plant: 'swift', seeds: [7] });
    expect(first.trajectories[0].points).toHaveLength(300);
    const scales = first.trajectories[0].points.map(({ applied }: { applied: number }) => applied);
    expect(Math.max(...scales)).toBeGreaterThan(scales[0]);
  });

  it('is the mean over runs', async () => {
    const hours = (of: { scores: { replicaHours: number }[] }) => of.scores[0]?.replicaHours ?? 0;
    const both = await scores('--seed', '7', '--runs', '2');
    const mean = (hours(await scores('--seed', '7')) + hours(await scores('--seed', '8'))) / 2;
    expect(both.seeds).toEqual([7, 8]);
    expect(hours(both)).toBeCloseTo(mean, 9);
  });

  it('stands beside every law, yardstick and policy there is', async () => {
    const other = policy('other', { loop: 'law: { pid: { setpoint: 50% } }' });
    const words = 'autoscale,hpa,stable-panic,capacity,predictive,pid,static,oracle';
    const told = await scores('--duration', '60s', '--compare', `${words},${other}`);
    expect(told.scores.map(({ policy: name }: { policy: string }) => name)).toEqual([
      'own',
      'autoscale',
      'hpa',
      'stablePanic',
      'capacity',
      'predictive',
      'pid',
      'static',
      'oracle',
      'other',
    ]);
    expect(told.trajectories[0].points).toHaveLength(60);
  });

  it('keeps to the limits of the policy, for those beside it too', async () => {
    const narrow = policy('narrow', { loop: 'law: { capacity: {} }' });
    const file = written('narrow.yaml', limited(narrow, 'min: 7, max: 9'));
    const { out } = await simulate(file, '--load', LOAD, '--compare', 'hpa', '--json');
    for (const { points } of JSON.parse(out).trajectories) {
      for (const { applied } of points) expect([7, 8, 9]).toContain(applied);
    }
  });

  it('knows shapes by their names, and takes plants from files', async () => {
    const plant = written(
      'mine.yaml',
      `name: mine
service: { lognormal: { mean: 40ms, sigma: 0.5 } }
workers: 4
startUp: { mean: 20s, spread: 10% }
warmUp: { for: 10s, slowdown: 2 }
speeds: [1, 1.5]
balancing: round-robin
client: { timeout: 2s, retries: 1, backoff: 100ms }
`,
    );
    const args = ['--load', 'lossy', '--duration', '60s', '--plant', plant];
    const { out } = await simulate(CAPACITY, ...args);
    expect(out).toMatch(/^own \(capacity\) on mine, load lossy, 1 min/);
    const { out: json } = await simulate(CAPACITY, ...args, '--telemetry', 'scraped', '--json');
    expect(JSON.parse(json).telemetry).toEqual({
      windowMs: 15_000,
      everyMs: 15_000,
      lagMs: 5_000,
      lossRatio: 0.3,
    });
  });

  it('says when no number of replicas could hold the objective', async () => {
    const strict = written('strict.yaml', readFileSync(CAPACITY, 'utf8').replace('800ms', '50ms'));
    const { out } = await simulate(strict, '--load', LOAD, '--duration', '60s');
    expect(out).toContain('NOTE: ');
    expect(out).toContain('swift cannot answer');
    const { out: fine } = await simulate(CAPACITY, '--load', LOAD, '--duration', '60s');
    expect(fine).not.toContain('NOTE: ');
  });

  it('refuses what it cannot do, with cause and cure', async () => {
    const told = async (...args: string[]) => {
      const { code, err } = await simulate(CAPACITY, ...args);
      expect(code).toBe(1);
      return err;
    };
    expect(await told()).toContain('which load? --load FILE');
    expect(await told('--load', 'stp')).toContain('did you mean the shape step?');
    expect(await told('--load', folder)).toContain('is a directory');
    expect(await told('--load', written('bad.txt', '1\ntwo\n'))).toContain(
      'line 2: "two" is no rate',
    );
    expect(await told('--load', 'step', '--plant', 'swft')).toContain('did you mean swift?');
    expect(await told('--load', 'step', '--plant', 'moon')).toContain(
      'there are swift, heavy-tail',
    );
    expect(await told('--load', 'step', '--compare', 'hpaa')).toContain('did you mean hpa?');
    expect(await told('--load', 'step', '--seed', 'x')).toContain('--seed x: write a whole number');
    expect(await told('--load', 'step', '--seed', '')).toContain('write a whole number');
    expect(await told('--load', 'step', '--runs', '0')).toContain('from 1 to 100');
    expect(await told('--load', 'step', '--duration', '9')).toContain('"9" is no duration');
    expect(await told('--load', 'step', '--duration', '0')).toContain('longer than nothing');
    expect(await told('--load', 'step', '--telemetry', 'x')).toContain('streamed and scraped');
    const plant = (text: string) => told('--load', 'step', '--plant', written('p.yaml', text));
    expect(await plant('name: x\nservice: { exponential: { mean: 3 } }')).toContain('service');
    expect(await plant('name: x')).toContain('p.yaml: service: ');
    expect(await plant('name: [')).toMatch(/p\.yaml:1:\d+: /);
    expect(await told('--load', 'step', '--plant', 'none.yaml')).toContain('there is no such file');
  });
});

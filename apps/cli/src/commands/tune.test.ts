import { afterAll, expect, it } from 'vitest';
import { flyball, policy, removeFolder, written } from '../policy.fixture.ts';

afterAll(removeFolder);

const LOAD = written(
  'load.txt',
  [...new Array(60).fill(30), ...new Array(120).fill(90)].join('\n'),
);
const tune = (file: string, ...args: string[]) =>
  flyball(['tune', file, '--load', LOAD, '--tries', '6', ...args]);

it('shows starts and the best found, with scores, margins and the words for it', async () => {
  const loop = 'law: { pid: { setpoint: 60% } }\n      every: 15s';
  const { code, out } = await tune(policy('own', { loop }));
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect(lines[0]).toBe('own (pid) on swift, loads load; 6 settings tried');
  expect(lines[2]).toMatch(/^start +kp +ki +kd +violating +replica-h .*gain margin/);
  expect(lines.slice(4, 8).map((line) => line.split(/ {2,}/)[0])).toEqual([
    'as it is',
    'relay',
    'SIMC',
    'best found',
  ]);
  expect(lines.at(-1)).toMatch(
    /^law: \{ pid: \{ ..., setpoint: 60%, kp: .*, ki: .*, kd: .* \} \}$/,
  );
});

it('finds nothing worse than the policy as it is, and nothing near to swinging', async () => {
  const loop = 'law: { pid: { setpoint: 60%, kp: 0.1 } }\n      every: 15s';
  const { out } = await tune(policy('weak', { loop }), '--json');
  const { rows, tries } = JSON.parse(out);
  const [own] = rows;
  const best = rows.at(-1);
  expect(tries).toBe(6);
  expect(own.setting).toEqual({ kp: 0.1, ki: 0, kd: 0 });
  const above = 100 * (best.replicaHours / own.replicaHours - 1);
  const cost = best.violationSeconds + (above > 0 ? 3 : 1) * above;
  expect(cost).toBeLessThan(own.violationSeconds);
  expect(best.margins.gain.margin).toBeGreaterThanOrEqual(1.5);
  expect(best.margins.deadTimeMs.margin).toBeGreaterThanOrEqual(15_000);
});

it('recommends nothing when all that it tried is near to swinging', async () => {
  const file = policy('wild', { loop: 'law: { pid: { setpoint: 60%, kp: 2 } }\n      every: 15s' });
  const { code, out } = await tune(file, '--tries', '1');
  expect(code).toBe(1);
  expect(out).not.toContain('best found');
  expect(out).not.toContain('law: {');
  expect(out).toContain(
    'None of the 1 settings tried is safe to recommend: each has a gain margin below 1.5, ' +
      'or a dead-time margin of less than one turn.',
  );
  const told = JSON.parse((await tune(file, '--tries', '1', '--json')).out);
  expect(told.heldOut).toBeNull();
  expect(told.rows.map(({ name }: { name: string }) => name)).toEqual([
    'as it is',
    'relay',
    'SIMC',
  ]);
  expect(told.rows[0].margins.gain.margin).toBeLessThan(1.5);
});

it('judges what it found with a seed that it has not searched on', async () => {
  const file = policy('held', { loop: 'law: { capacity: { utilization: 90% } }' });
  const of = async (...args: string[]) => JSON.parse((await tune(file, '--json', ...args)).out);
  const { rows, heldOut } = await of('--seed', '7');
  expect(heldOut.seed).toBe(8);
  // As a search with that seed finds the policy as it is.
  const { name: _, setting: __, margins: ___, ...own } = (await of('--seed', '8')).rows[0];
  expect(heldOut.asItIs).toEqual(own);
  const found = rows.at(-1).setting.utilization;
  const there = policy('there', { loop: `law: { capacity: { utilization: ${100 * found}% } }` });
  const again = JSON.parse((await tune(there, '--json', '--seed', '8', '--tries', '1')).out);
  expect(heldOut.best.replicaHours).toBeCloseTo(again.rows[0].replicaHours, 9);
  const { asItIs, best, holds } = heldOut;
  const above = 100 * (best.replicaHours / asItIs.replicaHours - 1);
  const cost = best.violationSeconds + (above > 0 ? 3 : 1) * above;
  expect(holds).toBe(cost <= asItIs.violationSeconds);
  expect((await tune(file, '--seed', '7')).out).toContain('With seed 8, not searched on: ');
});

it('searches what other laws have, without margins', async () => {
  const told = async (name: string, law: string) =>
    (await tune(policy(name, { loop: `law: ${law}` }), '--tries', '3')).out.split('\n');
  const hpa = await told('hpa', '{ hpa: { target: 70% } }');
  expect(hpa[2]).not.toContain('margin');
  expect(hpa.at(-1)).toMatch(/^law: \{ hpa: \{ target: \d+%, behavior: \{ down: .* \} \} \}$/);
  const capacity = await told('capacity', '{ capacity: {} }');
  expect(capacity.at(-1)).toMatch(/^law: \{ capacity: \{ ..., utilization: [\d.]+% \} \}$/);
  const panic = await told('panic', '{ stablePanic: { capacity: 2 } }');
  expect(panic.at(-1)).toMatch(/^law: \{ stablePanic: /);
});

it('says so where there is nothing to tune', async () => {
  const { code, err } = await tune(policy('auto'));
  expect(code).toBe(1);
  expect(err).toContain('the law autoscale has nothing to tune');
});

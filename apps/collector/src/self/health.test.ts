import { expect, test } from 'vitest';
import { Health, type HealthCheck } from './health.ts';

const passes = (name: string, critical: boolean): HealthCheck => ({
  name,
  critical,
  run: async () => {},
});
const fails = (name: string, critical: boolean): HealthCheck => ({
  name,
  critical,
  run: async () => {
    throw new Error('away');
  },
});
const status = async (...checks: HealthCheck[]) =>
  (await new Health(checks, () => 0).report()).status;

test('only a critical failure is unhealthy', async () => {
  expect(await status(passes('a', true), passes('b', false))).toBe('healthy');
  expect(await status(passes('a', true), fails('b', false))).toBe('degraded');
  expect(await status(fails('a', true), passes('b', false))).toBe('unhealthy');
});

test('a failure says what is wrong', async () => {
  const report = await new Health([fails('a', true)], () => 0).report();
  expect(report.checks).toEqual([
    { name: 'a', critical: true, status: 'fail', message: 'away', tookMs: 0 },
  ]);
});

test('a report is shared for a moment, then made anew', async () => {
  let runs = 0;
  let nowMs = 0;
  const counting: HealthCheck = {
    name: 'a',
    critical: true,
    run: async () => {
      runs += 1;
    },
  };
  const health = new Health([counting], () => nowMs);
  await Promise.all([health.report(), health.report()]);
  expect(runs).toBe(1);
  nowMs = 1000;
  await health.report();
  expect(runs).toBe(2);
});

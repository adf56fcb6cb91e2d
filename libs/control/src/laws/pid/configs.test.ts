import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../config.ts';
import { cascade } from './cascade.ts';
import type { CascadeConfig } from './cascade-config.ts';
import { pid } from './pid.ts';
import type { PidConfig } from './pid-config.ts';
import { pidReplicas } from './pid-replicas.ts';
import type { PidReplicasConfig } from './pid-replicas-config.ts';
import { pidVelocity } from './pid-velocity.ts';

function errorOf(make: () => unknown): ConfigError | null {
  try {
    make();
  } catch (error) {
    return error as ConfigError;
  }
  return null;
}

function refuses(make: () => unknown, field: string, bound: string): void {
  const error = errorOf(make);
  expect(error).toBeInstanceOf(ConfigError);
  expect({ field: error?.field, bound: error?.bound }).toEqual({ field, bound });
}

const MOST = 'from 0 to 1000000000000';
const NUMBER = 'a number above 0';
const ROW = { at: 1, kp: 1, ki: 0.1, kd: 0 };

describe('pid', () => {
  const good: PidConfig = { setpoint: 0.7, action: 'reverse', kp: 20, ki: 0.5 };

  test.each<[string, string, Partial<PidConfig>]>([
    ['setpoint', MOST, { setpoint: -1 }],
    ['setpoint', MOST, { setpoint: 1.1e12 }],
    ['action', '"reverse" or "direct"', { action: 'up' as never }],
    ['kp', MOST, { kp: Number.NaN }],
    ['kp', 'above 0 when ki is 0', { kp: 0, ki: 0 }],
    ['ki', MOST, { ki: -1 }],
    ['kd', MOST, { kd: 1e13 }],
    ['schedule', 'at most 16 rows', { schedule: Array.from({ length: 17 }, () => ROW) }],
    ['schedule[0].kd', MOST, { schedule: [{ ...ROW, kd: -1 }] }],
    ['schedule[0].at', 'a number', { schedule: [{ ...ROW, at: Number.NaN }] }],
    ['schedule[1].at', 'above the row before (1)', { schedule: [ROW, ROW] }],
    ['setpointWeight', 'a ratio from 0 to 1', { setpointWeight: 2 }],
    [
      'setpointWeight',
      '1 when ki is 0, or the loop rests beside its setpoint',
      { setpointWeight: 0.9, ki: 0 },
    ],
    ['derivativeFilterN', 'from 1 to 100', { derivativeFilterN: 101 }],
    ['derivativeFilterN', 'from 1 to 100', { derivativeFilterN: 0.9 }],
    ['min', MOST, { min: -1 }],
    ['min', MOST, { min: 1.1e12 }],
    ['max', 'from min (0) to 1000000000000', { max: 1.1e12 }],
    ['max', 'from min (3) to 1000000000000', { min: 3, max: 2 }],
    ['resolution', 'a number, 0 or above', { resolution: -1 }],
    ['antiWindup', '"back-calculation" or "conditional"', { antiWindup: 'none' as never }],
    [
      'trackingTimeMs',
      'left out with conditional anti-windup',
      { antiWindup: 'conditional', trackingTimeMs: 1 },
    ],
    ['trackingTimeMs', NUMBER, { trackingTimeMs: 0 }],
    ['trackingTimeMs', 'at most Ti, 40000 ms', { trackingTimeMs: 40_001 }],
    ['evidenceMaxAgeMs', NUMBER, { evidenceMaxAgeMs: 0 }],
    ['maxStepMs', 'above 0, at most 1000000000000', { maxStepMs: 0 }],
    ['maxStepMs', 'above 0, at most 1000000000000', { maxStepMs: 1.1e12 }],
  ])('%s must be %s: %o', (field, bound, wrong) => {
    refuses(() => pid.init({ ...good, ...wrong }), field, bound);
  });

  test.each<[Partial<PidConfig>]>([
    [{ setpoint: 0 }],
    [{ setpoint: 1e12 }],
    [{ kp: 1e12 }],
    [{ kp: 0 }],
    [{ ki: 0 }],
    [{ setpointWeight: 0 }],
    [{ derivativeFilterN: 1 }],
    [{ derivativeFilterN: 100 }],
    [{ min: 1e12 }],
    [{ min: 3, max: 3 }],
    [{ max: 1e12 }],
    [{ max: null }],
    [{ trackingTimeMs: 40_000 }],
    [{ maxStepMs: 1e12 }],
    [{ schedule: Array.from({ length: 16 }, (_, at) => ({ ...ROW, at })) }],
  ])('%o is accepted', (edge) => {
    expect(pid.init({ ...good, ...edge }).config).toMatchObject(edge);
  });

  test('the velocity form needs an integral, in every row', () => {
    refuses(() => pidVelocity.init({ ...good, ki: 0 }), 'ki', 'above 0');
    const schedule = [ROW, { at: 2, kp: 1, ki: 0, kd: 0 }];
    refuses(() => pidVelocity.init({ ...good, schedule }), 'schedule[1].ki', 'above 0');
  });
});

describe('cascade', () => {
  const good: CascadeConfig = { targetMs: 200 };

  test.each<[string, string, Partial<CascadeConfig>]>([
    ['targetMs', NUMBER, { targetMs: 0 }],
    ['minUtilization', 'between 0 and 1', { minUtilization: 0 }],
    ['minUtilization', 'between 0 and 1', { minUtilization: 1 }],
    ['maxUtilization', 'above minUtilization, at most 1', { maxUtilization: 0.3 }],
    ['maxUtilization', 'above minUtilization, at most 1', { maxUtilization: 1.01 }],
    ['utilization', 'from minUtilization to maxUtilization', { utilization: 0.2 }],
    ['utilization', 'from minUtilization to maxUtilization', { utilization: 0.9 }],
    ['outerEveryMs', 'everyMs (15000) or more', { outerEveryMs: 14_999 }],
    ['outerEveryMs', 'everyMs (15000) or more', { outerEveryMs: Number.POSITIVE_INFINITY }],
    ['outerGain', 'above 0, at most 0.5', { outerGain: 0.6 }],
    ['outerGain', 'above 0, at most 0.5', { outerGain: 0 }],
    ['settledBand', 'between 0 and 1', { settledBand: 0 }],
    ['settledBand', 'between 0 and 1', { settledBand: 1 }],
    ['restBand', 'from 0 to below 1', { restBand: -0.1 }],
    ['restBand', 'from 0 to below 1', { restBand: 1 }],
    ['restBand', 'at most settledBand (0.1)', { restBand: 0.2 }],
    ['startupMs', 'a number, 0 or above', { startupMs: -1 }],
    ['evidenceMaxAgeMs', NUMBER, { evidenceMaxAgeMs: 0 }],
  ])('%s must be %s: %o', (field, bound, wrong) => {
    refuses(() => cascade.init({ ...good, ...wrong }), field, bound);
  });

  test.each<[Partial<CascadeConfig>]>([
    [{ maxUtilization: 1 }],
    [{ utilization: 0.3 }],
    [{ utilization: 0.85 }],
    [{ everyMs: 60_000, outerEveryMs: 60_000 }],
    [{ outerGain: 0.5 }],
    [{ restBand: 0.1, settledBand: 0.1 }],
    [{ startupMs: 0 }],
  ])('%o is accepted', (edge) => {
    expect(cascade.init({ ...good, ...edge }).config).toMatchObject(edge);
  });

  test('hands its gains and limits on', () => {
    const config = { kp: 0.5, ki: 0.01, kd: 3, everyMs: 20_000, evidenceMaxAgeMs: 9_000 };
    const state = cascade.init({ ...good, ...config, outerGain: 0.1, restBand: 0.05 });
    expect(state.inner.config).toMatchObject({ ...config, setpoint: 0.6, signalWindowMs: 0 });
    expect(state.inner.config.hysteresis?.up).toBeCloseTo(0.63, 12);
    expect(state.inner.config.hysteresis?.down).toBeCloseTo(0.57, 12);
    expect(state.outer.config).toMatchObject({
      setpoint: 1,
      action: 'direct',
      kp: 0,
      ki: 0.1 / 60,
      min: 0.3,
      max: 0.85,
      resolution: 0,
      evidenceMaxAgeMs: 9_000,
      maxStepMs: 60_000,
    });
    expect(cascade.init(good).config).toEqual({
      targetMs: 200,
      utilization: 0.6,
      minUtilization: 0.3,
      maxUtilization: 0.85,
      outerEveryMs: 60_000,
      outerGain: 0.05,
      settledBand: 0.1,
      restBand: 0.1,
      kp: 1,
      ki: 0,
      kd: 0,
      everyMs: 15_000,
      startupMs: 30_000,
      evidenceMaxAgeMs: 30_000,
    });
  });
});

describe('pidReplicas', () => {
  const good: PidReplicasConfig = { setpoint: 0.7, ki: 0.02 };

  test.each<[string, string, Partial<PidReplicasConfig>]>([
    ['setpoint', NUMBER, { setpoint: 0 }],
    ['kp', 'from 0 to 2', { kp: 2.01 }],
    ['kp', 'from 0 to 2', { kp: -0.01 }],
    ['kp', 'above 0 when ki is 0', { kp: 0, ki: 0 }],
    ['ki', 'a number, 0 or above', { ki: -1 }],
    ['kd', 'a number, 0 or above', { kd: -1 }],
    ['setpointWeight', 'a ratio from 0 to 1', { setpointWeight: 1.1 }],
    [
      'setpointWeight',
      '1 when ki is 0, or the loop rests beside its setpoint',
      { setpointWeight: 0.5, ki: 0 },
    ],
    ['derivativeFilterN', 'from 1 to 100', { derivativeFilterN: 0.99 }],
    ['derivativeFilterN', 'from 1 to 100', { derivativeFilterN: 100.1 }],
    ['everyMs', NUMBER, { everyMs: 0 }],
    ['signalWindowMs', 'a number, 0 or above', { signalWindowMs: -1 }],
    ['trackingTimeMs', NUMBER, { trackingTimeMs: 0 }],
    ['evidenceMaxAgeMs', NUMBER, { evidenceMaxAgeMs: 0 }],
    ['maxStepMs', NUMBER, { maxStepMs: 0 }],
    ['hysteresis.down', 'below setpoint', { hysteresis: { up: 0.8, down: 0.7 } }],
    ['hysteresis.down', 'below setpoint', { hysteresis: { up: 0.8, down: -0.1 } }],
    ['hysteresis.up', 'above setpoint', { hysteresis: { up: 0.7, down: 0.6 } }],
  ])('%s must be %s: %o', (field, bound, wrong) => {
    refuses(() => pidReplicas.init({ ...good, ...wrong }), field, bound);
  });

  test.each<[Partial<PidReplicasConfig>]>([
    [{ kp: 2 }],
    [{ kp: 0 }],
    [{ setpointWeight: 0.5 }],
    [{ derivativeFilterN: 1 }],
    [{ derivativeFilterN: 100 }],
    [{ hysteresis: { up: 0.71, down: 0 } }],
  ])('%o is accepted', (edge) => {
    expect(pidReplicas.init({ ...good, ...edge }).config).toMatchObject(edge);
  });

  test('its tracking time is Ti, and a minute where there is none', () => {
    const trackingOf = (config: Partial<PidReplicasConfig>) =>
      pidReplicas.init({ ...good, ...config }).config.trackingTimeMs;
    expect(trackingOf({ kp: 0.5 })).toBe(25_000);
    expect(trackingOf({ kp: 0 })).toBe(60_000);
    expect(trackingOf({ ki: 0 })).toBe(60_000);
    expect(trackingOf({ trackingTimeMs: 7 })).toBe(7);
    expect(pidReplicas.init({ setpoint: 0.7 }).config).toEqual({
      setpoint: 0.7,
      kp: 1,
      ki: 0,
      kd: 0,
      hysteresis: null,
      setpointWeight: 1,
      derivativeFilterN: 10,
      everyMs: 30_000,
      signalWindowMs: 0,
      trackingTimeMs: 60_000,
      evidenceMaxAgeMs: 30_000,
      maxStepMs: 120_000,
    });
  });
});

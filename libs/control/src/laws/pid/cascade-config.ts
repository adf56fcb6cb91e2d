import { requireAtLeastZero, requirePositive, requireThat } from '../../config.ts';
import type { PidReplicasConfig } from './pid-replicas-config.ts';
import type { PidVelocityConfig } from './pid-velocity.ts';

export interface CascadeConfig {
  /** Wanted p99. */
  readonly targetMs: number;
  /** Utilisation to begin with, and its limits. Default 0.6, 0.3 and 0.85. */
  readonly utilization?: number;
  readonly minUtilization?: number;
  readonly maxUtilization?: number;
  /** Period of the outer loop. Default 60 s. */
  readonly outerEveryMs?: number;
  /** Change of the utilisation per outer period when p99 is off by its whole target. 0.05. */
  readonly outerGain?: number;
  /** The inner loop has settled when it is this close to its setpoint, as a share. Default 0.1. */
  readonly settledBand?: number;
  /** The inner loop rests this close to its setpoint, as a share; 0: never. Default 0.1. */
  readonly restBand?: number;
  /** Gains of the inner loop, as in `pidReplicas`. Default 1, 0 and 0. */
  readonly kp?: number;
  readonly ki?: number;
  readonly kd?: number;
  /** Period the inner gains are meant for. Default 15 s. */
  readonly everyMs?: number;
  /** Start-up time to assume until one was seen. Default 30 s. */
  readonly startupMs?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export type CascadeSettings = Required<CascadeConfig>;

export function cascadeSettings(config: CascadeConfig): CascadeSettings {
  const settings: CascadeSettings = {
    targetMs: config.targetMs,
    utilization: config.utilization ?? 0.6,
    minUtilization: config.minUtilization ?? 0.3,
    maxUtilization: config.maxUtilization ?? 0.85,
    outerEveryMs: config.outerEveryMs ?? 60_000,
    outerGain: config.outerGain ?? 0.05,
    settledBand: config.settledBand ?? 0.1,
    restBand: config.restBand ?? 0.1,
    kp: config.kp ?? 1,
    ki: config.ki ?? 0,
    kd: config.kd ?? 0,
    everyMs: config.everyMs ?? 15_000,
    startupMs: config.startupMs ?? 30_000,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  validate(settings);
  return settings;
}

function validate(settings: CascadeSettings): void {
  requirePositive('targetMs', settings.targetMs);
  const { utilization, minUtilization, maxUtilization } = settings;
  const low = minUtilization > 0 && minUtilization < 1;
  requireThat(low, 'minUtilization', minUtilization, 'between 0 and 1');
  const high = maxUtilization > minUtilization && maxUtilization <= 1;
  requireThat(high, 'maxUtilization', maxUtilization, 'above minUtilization, at most 1');
  const inside = utilization >= minUtilization && utilization <= maxUtilization;
  requireThat(inside, 'utilization', utilization, 'from minUtilization to maxUtilization');
  const slow = Number.isFinite(settings.outerEveryMs) && settings.outerEveryMs >= settings.everyMs;
  requireThat(slow, 'outerEveryMs', settings.outerEveryMs, `everyMs (${settings.everyMs}) or more`);
  const { outerGain, settledBand, restBand } = settings;
  requireThat(outerGain > 0 && outerGain <= 0.5, 'outerGain', outerGain, 'above 0, at most 0.5');
  requireThat(settledBand > 0 && settledBand < 1, 'settledBand', settledBand, 'between 0 and 1');
  requireThat(restBand >= 0 && restBand < 1, 'restBand', restBand, 'from 0 to below 1');
  // Or the inner loop would rest where the outer one waits for it to settle.
  const reached = restBand <= settledBand;
  requireThat(reached, 'restBand', restBand, `at most settledBand (${settledBand})`);
  requireAtLeastZero('startupMs', settings.startupMs);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
}

/** The outer loop acts on p99 over its target, so that one gain suits any target. */
export function outerConfig(settings: CascadeSettings): PidVelocityConfig {
  return {
    setpoint: 1,
    action: 'direct',
    kp: 0,
    ki: (1_000 * settings.outerGain) / settings.outerEveryMs,
    min: settings.minUtilization,
    max: settings.maxUtilization,
    resolution: 0,
    evidenceMaxAgeMs: settings.evidenceMaxAgeMs,
    maxStepMs: settings.outerEveryMs,
  };
}

export function innerConfig(
  settings: CascadeSettings,
  setpoint: number,
  signalWindowMs: number,
): PidReplicasConfig {
  const { kp, ki, kd, everyMs, restBand, evidenceMaxAgeMs } = settings;
  const band = { up: setpoint * (1 + restBand), down: setpoint * (1 - restBand) };
  return {
    setpoint,
    kp,
    ki,
    kd,
    everyMs,
    signalWindowMs,
    evidenceMaxAgeMs,
    ...(restBand > 0 ? { hysteresis: band } : {}),
  };
}

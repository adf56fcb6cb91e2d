import { requireAtLeastZero, requirePositive, requireRatio, requireThat } from '../../config.ts';

export interface PidReplicasConfig {
  /** Wanted value of the signal, in the signal's own unit (0.7 for 70 % CPU). */
  readonly setpoint: number;
  /** Share of the relative error closed in `everyMs`, 0 to 2. Default 1: all of it, at once. */
  readonly kp?: number;
  /** Per second. Default 0. */
  readonly ki?: number;
  /** Seconds. Default 0. */
  readonly kd?: number;
  /** Nothing moves while the signal is between them. */
  readonly hysteresis?: { readonly up: number; readonly down: number };
  /** Weight of the setpoint in the proportional term, 0 to 1. Default 1; below 1 needs ki > 0. */
  readonly setpointWeight?: number;
  /** Derivative filter: its time constant is Td / N. 8 to 20, default 10. */
  readonly derivativeFilterN?: number;
  /** Period the gains are meant for; a law called more often moves less each time. 30 s. */
  readonly everyMs?: number;
  /** The signal is a mean over this long, up to the evidence's instant. Default 0. */
  readonly signalWindowMs?: number;
  /** Anti-windup tracking time. Default Ti = kp / ki. */
  readonly trackingTimeMs?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
  /** A longer gap between two steps counts as this much. Default 120 s. */
  readonly maxStepMs?: number;
}

export type PidReplicasSettings = Required<Omit<PidReplicasConfig, 'hysteresis'>> & {
  readonly hysteresis: { readonly up: number; readonly down: number } | null;
};

export function pidReplicasSettings(config: PidReplicasConfig): PidReplicasSettings {
  const kp = config.kp ?? 1;
  const ki = config.ki ?? 0;
  const settings: PidReplicasSettings = {
    setpoint: config.setpoint,
    kp,
    ki,
    kd: config.kd ?? 0,
    hysteresis: config.hysteresis ?? null,
    setpointWeight: config.setpointWeight ?? 1,
    derivativeFilterN: config.derivativeFilterN ?? 10,
    everyMs: config.everyMs ?? 30_000,
    signalWindowMs: config.signalWindowMs ?? 0,
    trackingTimeMs: config.trackingTimeMs ?? (kp > 0 && ki > 0 ? (1000 * kp) / ki : 60_000),
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
    maxStepMs: config.maxStepMs ?? 120_000,
  };
  validate(settings);
  return settings;
}

function validate(settings: PidReplicasSettings): void {
  requirePositive('setpoint', settings.setpoint);
  requireThat(settings.kp >= 0 && settings.kp <= 2, 'kp', settings.kp, 'from 0 to 2');
  requireAtLeastZero('ki', settings.ki);
  requireAtLeastZero('kd', settings.kd);
  requireThat(settings.kp + settings.ki > 0, 'kp', settings.kp, 'above 0 when ki is 0');
  requireRatio('setpointWeight', settings.setpointWeight);
  requireThat(
    settings.setpointWeight === 1 || settings.ki > 0,
    'setpointWeight',
    settings.setpointWeight,
    '1 when ki is 0, or the loop rests beside its setpoint',
  );
  const n = settings.derivativeFilterN;
  requireThat(n >= 1 && n <= 100, 'derivativeFilterN', n, 'from 1 to 100');
  requirePositive('everyMs', settings.everyMs);
  requireAtLeastZero('signalWindowMs', settings.signalWindowMs);
  requirePositive('trackingTimeMs', settings.trackingTimeMs);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  requirePositive('maxStepMs', settings.maxStepMs);
  if (settings.hysteresis !== null) {
    const { up, down } = settings.hysteresis;
    requireThat(down >= 0 && down < settings.setpoint, 'hysteresis.down', down, 'below setpoint');
    requireThat(up > settings.setpoint, 'hysteresis.up', up, 'above setpoint');
  }
}

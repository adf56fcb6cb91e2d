import { requirePositive, requireThat } from '../../config.ts';
import {
  type GainRow,
  type Gains,
  LARGEST,
  requireGains,
  requireSchedule,
  requireShape,
  trackingSeconds,
} from './gains.ts';

export interface PidConfig {
  /** Wanted value of the signal, in the signal's own unit. An input may carry another. */
  readonly setpoint: number;
  /**
   * `reverse`: a signal above its setpoint asks for a higher value (CPU and replicas). `direct`:
   * it asks for a lower one (p99 and an admission rate).
   */
  readonly action: 'reverse' | 'direct';
  /** Change of the value per unit of error. */
  readonly kp: number;
  /** Per second. Default 0. */
  readonly ki?: number;
  /** Seconds. Default 0. */
  readonly kd?: number;
  /** Gains by a scheduling variable, rising; beside it kp, ki and kd hold until one is seen. */
  readonly schedule?: readonly GainRow[];
  /** Weight of the setpoint in the proportional term, 0 to 1. Default 1; below 1 needs ki > 0. */
  readonly setpointWeight?: number;
  /** Derivative filter: its time constant is Td / N. 8 to 20, default 10. */
  readonly derivativeFilterN?: number;
  /** The value's limits. Default 0 and none. */
  readonly min?: number;
  readonly max?: number | null;
  /** Distance between two positions of the actuator; rounding is no saturation. Default 0. */
  readonly resolution?: number;
  /** What keeps the integral from winding up. Default back-calculation. */
  readonly antiWindup?: 'back-calculation' | 'conditional';
  /** Tracking time of back-calculation, at most Ti = kp / ki. Default Ti. */
  readonly trackingTimeMs?: number | null;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
  /** A longer gap between two steps counts as this much. Default 120 s. */
  readonly maxStepMs?: number;
}

export type PidSettings = Required<PidConfig>;

export function pidSettings(config: PidConfig): PidSettings {
  const settings: PidSettings = {
    setpoint: config.setpoint,
    action: config.action,
    kp: config.kp,
    ki: config.ki ?? 0,
    kd: config.kd ?? 0,
    schedule: config.schedule ?? [],
    setpointWeight: config.setpointWeight ?? 1,
    derivativeFilterN: config.derivativeFilterN ?? 10,
    min: config.min ?? 0,
    max: config.max ?? null,
    resolution: config.resolution ?? 0,
    antiWindup: config.antiWindup ?? 'back-calculation',
    trackingTimeMs: config.trackingTimeMs ?? null,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
    maxStepMs: config.maxStepMs ?? 120_000,
  };
  validate(settings);
  return settings;
}

function validate(settings: PidSettings): void {
  const { setpoint, action } = settings;
  const usable = setpoint >= 0 && setpoint <= LARGEST;
  requireThat(usable, 'setpoint', setpoint, `from 0 to ${LARGEST}`);
  const known = action === 'reverse' || action === 'direct';
  requireThat(known, 'action', action, '"reverse" or "direct"');
  requireGains('', settings);
  requireSchedule(settings.schedule);
  requireShape(settings);
  const { setpointWeight, ki } = settings;
  const rests = setpointWeight === 1 || ki > 0;
  const bound = '1 when ki is 0, or the loop rests beside its setpoint';
  requireThat(rests, 'setpointWeight', setpointWeight, bound);
  requireTracking(settings);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  const { maxStepMs } = settings;
  requireThat(
    maxStepMs > 0 && maxStepMs <= LARGEST,
    'maxStepMs',
    maxStepMs,
    `above 0, at most ${LARGEST}`,
  );
}

function requireTracking(settings: PidSettings): void {
  const { antiWindup, trackingTimeMs } = settings;
  const known = antiWindup === 'back-calculation' || antiWindup === 'conditional';
  requireThat(known, 'antiWindup', antiWindup, '"back-calculation" or "conditional"');
  if (trackingTimeMs === null) {
    return;
  }
  const tracks = antiWindup === 'back-calculation';
  requireThat(tracks, 'trackingTimeMs', trackingTimeMs, 'left out with conditional anti-windup');
  requirePositive('trackingTimeMs', trackingTimeMs);
  const rows: readonly Gains[] = [settings, ...settings.schedule];
  for (const row of rows) {
    const longestMs = 1_000 * trackingSeconds(row, null);
    const short = trackingTimeMs <= longestMs;
    requireThat(short, 'trackingTimeMs', trackingTimeMs, `at most Ti, ${longestMs} ms`);
  }
}

/**
 * The terms of a PID controller.
 *
 *     error = setpoint - measured
 *     P = kp (b setpoint - measured)
 *     I += ki error dt
 *     D = -kd d(filtered)/dt        filtered += (measured - filtered) dt / (Tf + dt), Tf = Td / N
 *
 * The derivative acts on the measurement, with a minus sign, so that a new setpoint makes no kick.
 * A loop in which more of the measure needs more of the actuator (CPU and replicas) passes both
 * setpoint and measured negated.
 *
 * Source: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, chapter 3.
 */
export interface PidGains {
  readonly kp: number;
  /** Per second. */
  readonly ki: number;
  /** Seconds. */
  readonly kd: number;
  readonly setpointWeight: number;
  readonly derivativeFilterN: number;
}

export interface PidTerms {
  readonly error: number;
  /** kp-weighted error before the gain: b setpoint - measured. */
  readonly weightedError: number;
  /** What the integral grows by in this step. */
  readonly integralStep: number;
  readonly derivative: number;
  readonly filtered: number;
}

/** `dtS` null: the first sample, or the first after a gap. Then nothing integrates or derives. */
export function pidTerms(
  gains: PidGains,
  filteredBefore: number | null,
  sample: { readonly setpoint: number; readonly measured: number; readonly dtS: number | null },
): PidTerms {
  const { setpoint, measured, dtS } = sample;
  const error = setpoint - measured;
  const weightedError = gains.setpointWeight * setpoint - measured;
  if (dtS === null || filteredBefore === null) {
    const integralStep = dtS === null ? 0 : gains.ki * error * dtS;
    return { error, weightedError, integralStep, derivative: 0, filtered: measured };
  }
  const derivativeTimeS = gains.kp > 0 ? gains.kd / gains.kp : gains.kd;
  const filterS = derivativeTimeS / gains.derivativeFilterN;
  const filtered = filteredBefore + ((measured - filteredBefore) * dtS) / (filterS + dtS);
  return {
    error,
    weightedError,
    integralStep: gains.ki * error * dtS,
    derivative: (-gains.kd * (filtered - filteredBefore)) / dtS,
    filtered,
  };
}

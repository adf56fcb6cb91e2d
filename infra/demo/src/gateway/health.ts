/** What the gateway believes about one instance from its checks. */
export interface HealthState {
  healthy: boolean;
  /** Results in a row that contradict `healthy`. */
  against: number;
}

const FAILURES_TO_UNHEALTHY = 3;
const PASSES_TO_HEALTHY = 2;

/** An instance is announced when it is ready, so it starts healthy. */
export const NEWCOMER: HealthState = { healthy: true, against: 0 };

/** Three failures in a row take an instance out, two passes in a row bring it back. */
export function observeCheck(state: HealthState, passed: boolean): HealthState {
  if (passed === state.healthy) return { healthy: state.healthy, against: 0 };
  const against = state.against + 1;
  const needed = state.healthy ? FAILURES_TO_UNHEALTHY : PASSES_TO_HEALTHY;
  if (against >= needed) return { healthy: !state.healthy, against: 0 };
  return { healthy: state.healthy, against };
}

/**
 * Which pods count, as the HPA sorts them before it does any arithmetic.
 *
 *     deleted or failed                                   ignored, its sample too
 *     pending                                             unready
 *     no sample                                           missing
 *     CPU only: not ready, or its sample began before it was   unready, its sample is dropped
 *     else                                                ready
 *
 * Source: kubernetes, pkg/controller/podautoscaler/replica_calculator.go, groupPods.
 */

export interface HpaPod {
  readonly name: string;
  readonly phase: 'pending' | 'running' | 'succeeded' | 'failed' | 'unknown';
  /** It is being deleted. */
  readonly deleted?: boolean;
  /** Null or left out: it has not started. */
  readonly startedAtMs?: number | null;
  /** Its Ready condition and since when it says so; null or left out: it has none. */
  readonly ready?: { readonly is: boolean; readonly sinceMs: number } | null;
  /** What it requests of the resource, in thousandths; null or left out: nothing. */
  readonly requestMilli?: number | null;
}

/** One pod's figure, in thousandths of its unit, over a window that ended at `atMs`. */
export interface HpaSample {
  readonly valueMilli: number;
  readonly atMs: number;
  readonly windowMs: number;
}

export type HpaSamples = ReadonlyMap<string, HpaSample>;

export interface HpaPodRules {
  readonly nowMs: number;
  /** The resource is CPU: only its samples depend on readiness. */
  readonly cpu: boolean;
  /** After its start a pod's CPU counts only once it has been ready for a window. 5 min. */
  readonly initializationMs?: number;
  /** A pod that was never ready this long after its start has not been ready at all. 30 s. */
  readonly readinessDelayMs?: number;
}

export interface HpaPodGroups {
  readonly ready: number;
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
}

export function groupPods(
  pods: readonly HpaPod[],
  samples: HpaSamples,
  rules: HpaPodRules,
): HpaPodGroups {
  const unready = new Set<string>();
  const missing = new Set<string>();
  const ignored = new Set<string>();
  let ready = 0;
  for (const pod of pods) {
    const sample = samples.get(pod.name);
    if (pod.deleted === true || pod.phase === 'failed') {
      ignored.add(pod.name);
    } else if (pod.phase === 'pending') {
      unready.add(pod.name);
    } else if (sample === undefined) {
      missing.add(pod.name);
    } else if (rules.cpu && isUnready(pod, sample, rules)) {
      unready.add(pod.name);
    } else {
      ready += 1;
    }
  }
  return { ready, unready, missing, ignored };
}

function isUnready(pod: HpaPod, sample: HpaSample, rules: HpaPodRules): boolean {
  const { nowMs, initializationMs = 300_000, readinessDelayMs = 30_000 } = rules;
  const { startedAtMs = null, ready = null } = pod;
  if (startedAtMs === null || ready === null) {
    return true;
  }
  if (startedAtMs + initializationMs > nowMs) {
    return !ready.is || sample.atMs < ready.sinceMs + sample.windowMs;
  }
  return !ready.is && startedAtMs + readinessDelayMs > ready.sinceMs;
}

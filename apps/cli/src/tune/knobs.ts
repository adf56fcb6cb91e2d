import type { ReplicaLawSpec } from '@flyball/control';
import type { Knob, Setting } from './search.ts';

/** What of a law can be searched for, and how a policy writes it. */
export interface Tunable {
  readonly knobs: readonly Knob[];
  /** As the policy has them now. */
  readonly now: Setting;
  apply(setting: Setting): ReplicaLawSpec;
  /** As words of the policy, under `law`. */
  write(setting: Setting): string;
}

const percent = (ratio: number | undefined) => `${Number((100 * (ratio ?? 0)).toPrecision(3))}%`;

const UTILIZATION: Knob = { name: 'utilization', least: 0.2, most: 0.95, first: 0.7 };

/** Null: the law has nothing to search for. */
export function tunableOf(law: ReplicaLawSpec): Tunable | null {
  switch (law.kind) {
    case 'pid':
      return pid(law);
    case 'hpa':
      return hpa(law);
    case 'capacity':
    case 'predictive':
      return withUtilization(law, law.config.utilization ?? 0.7);
    case 'stablePanic':
      return withUtilization(law, law.config.utilization ?? 0.7);
    case 'autoscale':
    case 'schedule':
      return null;
  }
}

function pid(law: Extract<ReplicaLawSpec, { kind: 'pid' }>): Tunable {
  const { kp = 1, ki = 0, kd = 0, setpoint, signal } = law.config;
  const level = signal === 'utilization' || signal === undefined ? percent(setpoint) : setpoint;
  return {
    knobs: [
      { name: 'kp', least: 0.02, most: 2, first: 0.5 },
      { name: 'ki', least: 0, most: 0.1, first: 0.002 },
      { name: 'kd', least: 0, most: 300, first: 5 },
    ],
    now: { kp, ki, kd },
    apply: (setting) => ({ kind: 'pid', config: { ...law.config, ...setting } }),
    write: ({ kp: p, ki: i, kd: d }) =>
      `pid: { ..., setpoint: ${level}, kp: ${p}, ki: ${i}, kd: ${d} }`,
  };
}

function hpa(law: Extract<ReplicaLawSpec, { kind: 'hpa' }>): Tunable {
  const { targetPercent, behavior, downscaleStabilizationMs } = law.config;
  const downMs = behavior?.scaleDown?.stabilizationMs ?? downscaleStabilizationMs ?? 300_000;
  return {
    knobs: [
      { name: 'target', least: 0.2, most: 0.95, first: 0.5 },
      { name: 'downS', least: 1, most: 600, first: 60 },
    ],
    now: { target: (targetPercent ?? 80) / 100, downS: downMs / 1_000 },
    apply: ({ target = 0.8, downS = 300 }) => ({
      kind: 'hpa',
      config: {
        ...law.config,
        targetPercent: Math.round(100 * target),
        behavior: {
          ...behavior,
          scaleDown: { ...behavior?.scaleDown, stabilizationMs: Math.round(1_000 * downS) },
        },
      },
    }),
    write: ({ target, downS }) =>
      `hpa: { target: ${Math.round(100 * (target ?? 0))}%, ` +
      `behavior: { down: { stabilization: ${Math.round(downS ?? 0)}s } } }`,
  };
}

function withUtilization(
  law: Extract<ReplicaLawSpec, { kind: 'capacity' | 'predictive' | 'stablePanic' }>,
  now: number,
): Tunable {
  return {
    knobs: [UTILIZATION],
    now: { utilization: now },
    apply: ({ utilization = now }) =>
      ({ kind: law.kind, config: { ...law.config, utilization } }) as ReplicaLawSpec,
    write: ({ utilization }) => `${law.kind}: { ..., utilization: ${percent(utilization)} }`,
  };
}

import type { ReplicaLawPolicy } from './replica-laws.ts';
import type { Policy, ReplicasLoopPolicy } from './schema.ts';
import { formatDuration, formatPercent } from './units.ts';

export interface Fault {
  /** From the root of the file. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What must hold between fields. Each fault stands at the field one would change. */
export function relationFaults(policy: Policy): Fault[] {
  return [
    ...replicasFaults(policy),
    ...rateFaults(policy),
    ...burnFaults(policy),
    ...recoveryFaults(policy),
    ...guardFaults(policy),
  ];
}

function replicasFaults(policy: Policy): Fault[] {
  const { loops, guards } = policy;
  const loop = loops.replicas;
  if (loop === undefined) return [];
  const at = (...path: string[]) => ['spec', 'loops', 'replicas', ...path];
  const faults: Fault[] = [...lawFaults(policy, loop)];
  if (loop.limits.min > loop.limits.max) {
    const message = `${loop.limits.min} must not be above max, ${loop.limits.max}`;
    faults.push({ path: at('limits', 'min'), message });
  }
  faults.push(...scheduleFaults(loop));
  if (loop.every > guards.evidenceMaxAge * 20) {
    const message = `${formatDuration(loop.every)} is more than 20 times guards.evidenceMaxAge`;
    faults.push({ path: at('every'), message });
  }
  return faults;
}

/** Hours that ask for more than the loop may ever give. */
function scheduleFaults({ schedule, limits }: ReplicasLoopPolicy): Fault[] {
  const { windows = [], otherwise } = schedule ?? {};
  const at = (...path: (string | number)[]) => ['spec', 'loops', 'replicas', 'schedule', ...path];
  const hours = windows.map(({ min }, index) => ({ min, path: at('windows', index, 'min') }));
  return [...hours, { min: otherwise?.min, path: at('otherwise', 'min') }].flatMap(
    ({ min = 0, path }) => {
      const message = `${min} must not be above limits.max, ${limits.max}`;
      return min > limits.max ? [{ path, message }] : [];
    },
  );
}

/** 64 slots of 15 s: the longest horizon of the law's forecasts. */
const LONGEST_FORESIGHT_MS = 960_000;

/** What a law needs of the rest of the policy, and what of it is not for that law. */
function lawFaults(policy: Policy, loop: ReplicasLoopPolicy): Fault[] {
  const at = (...path: string[]) => ['spec', 'loops', 'replicas', ...path];
  const { law } = loop;
  if (law.kind === 'pid') return pidFaults(law.pid, loop);
  const faults: Fault[] = [];
  if (loop.hysteresis !== undefined) {
    const message = `is for the law pid; ${law.kind} has a band of its own: leave it out`;
    faults.push({ path: at('hysteresis'), message });
  }
  const { latency, availability } = policy.objectives;
  if (law.kind === 'autoscale' && latency === undefined && availability === undefined) {
    const message =
      'autoscale, the default law, aims at an objective: give objectives.latency.p99 or ' +
      'objectives.availability, or name another law';
    faults.push({ path: at('law'), message });
  }
  if (law.kind === 'stablePanic') {
    const { stableWindow = 60_000, panicWindow = 6_000 } = law.stablePanic;
    if (panicWindow >= stableWindow) {
      const message =
        `${formatDuration(panicWindow)} must be shorter than stableWindow, ` +
        `${formatDuration(stableWindow)}`;
      faults.push({ path: at('law', 'stablePanic', 'panicWindow'), message });
    }
  }
  if (law.kind === 'predictive' && loop.startUp + loop.every > LONGEST_FORESIGHT_MS) {
    const message =
      `${formatDuration(loop.startUp)} and every, ${formatDuration(loop.every)}, are further ` +
      `than predictive foretells, ${formatDuration(LONGEST_FORESIGHT_MS)}: name another law`;
    faults.push({ path: at('startUp'), message });
  }
  return [...faults, ...saturationFaults(policy, law)];
}

/** Laws that read how busy the instances are cannot do without the gauge that tells it. */
function saturationFaults({ observe }: Policy, law: ReplicaLawPolicy): Fault[] {
  if (observe.saturation !== 'none' || !readsSaturation(law)) return [];
  const message =
    `is none, but the law ${law.kind} reads how busy the instances are: ` +
    'name a gauge from 0 to 1';
  return [{ path: ['spec', 'observe', 'saturation'], message }];
}

function readsSaturation(law: ReplicaLawPolicy): boolean {
  if (law.kind === 'capacity') return law.capacity.serviceTime === undefined;
  return ['autoscale', 'hpa', 'predictive'].includes(law.kind);
}

function pidFaults(
  { setpoint, signal, kp, ki }: Extract<ReplicaLawPolicy, { kind: 'pid' }>['pid'],
  { hysteresis }: ReplicasLoopPolicy,
): Fault[] {
  const at = (...path: string[]) => ['spec', 'loops', 'replicas', ...path];
  const faults: Fault[] = [];
  const show = (value: number) => (value <= 1 ? formatPercent(value) : String(value));
  if (setpoint <= 0) {
    faults.push({ path: at('law', 'pid', 'setpoint'), message: 'must be above 0' });
  }
  if (kp + ki === 0) {
    faults.push({ path: at('law', 'pid', 'kp'), message: 'kp and ki are both 0: nothing moves' });
  }
  if (hysteresis !== undefined) {
    const { up, down } = hysteresis;
    if (down >= setpoint) {
      const message = `${show(down)} must be below the setpoint of ${signal}, ${show(setpoint)}`;
      faults.push({ path: at('hysteresis', 'down'), message });
    }
    if (up <= setpoint) {
      const message = `${show(up)} must be above the setpoint of ${signal}, ${show(setpoint)}`;
      faults.push({ path: at('hysteresis', 'up'), message });
    }
  }
  return faults;
}

function rateFaults({ loops }: Policy): Fault[] {
  const limits = loops.rate?.limits;
  if (limits === undefined || limits.min <= limits.max) return [];
  const message = `${limits.min} must not be above max, ${limits.max}`;
  return [{ path: ['spec', 'loops', 'rate', 'limits', 'min'], message }];
}

function burnFaults({ objectives }: Policy): Fault[] {
  return objectives.burn.flatMap((alert, index) => {
    if (alert.short < alert.long) return [];
    const message =
      `${formatDuration(alert.short)} must be shorter than long, ` +
      `${formatDuration(alert.long)}`;
    return [{ path: ['spec', 'objectives', 'burn', index, 'short'], message }];
  });
}

function recoveryFaults({ modes }: Policy): Fault[] {
  const { ramp, stableFor, validateFor } = modes.recovery;
  const at = (...path: (string | number)[]) => ['spec', 'modes', 'recovery', ...path];
  const faults: Fault[] = [];
  for (const [index, share] of ramp.entries()) {
    const before = ramp[index - 1] ?? 0;
    if (share <= before) {
      const message =
        `${formatPercent(share)} must be above the step before, ` + `${formatPercent(before)}`;
      faults.push({ path: at('ramp', index), message });
    }
  }
  if (ramp.at(-1) !== 1) {
    faults.push({ path: at('ramp', ramp.length - 1), message: 'the last step must be 100%' });
  }
  if (validateFor !== undefined && validateFor >= stableFor) {
    const message =
      `${formatDuration(validateFor)} must be shorter than stableFor, ` +
      `${formatDuration(stableFor)}`;
    faults.push({ path: at('validateFor'), message });
  }
  return faults;
}

function guardFaults({ guards, observe }: Policy): Fault[] {
  if (guards.evidenceMaxAge >= observe.window / 4) return [];
  const message =
    `${formatDuration(guards.evidenceMaxAge)} is less than a quarter of observe.window, ` +
    `${formatDuration(observe.window)}: the loops would hold most of the time`;
  return [{ path: ['spec', 'guards', 'evidenceMaxAge'], message }];
}

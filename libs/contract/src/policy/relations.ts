import type { Policy } from './schema.ts';
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

function replicasFaults({ loops, guards }: Policy): Fault[] {
  const loop = loops.replicas;
  if (loop === undefined) return [];
  const at = (...path: string[]) => ['spec', 'loops', 'replicas', ...path];
  const faults: Fault[] = [];
  const { setpoint, signal, kp, ki } = loop.law.pid;
  const show = (value: number) => (value <= 1 ? formatPercent(value) : String(value));
  if (setpoint <= 0) {
    faults.push({ path: at('law', 'pid', 'setpoint'), message: 'must be above 0' });
  }
  if (kp + ki === 0) {
    faults.push({ path: at('law', 'pid', 'kp'), message: 'kp and ki are both 0: nothing moves' });
  }
  if (loop.hysteresis !== undefined) {
    const { up, down } = loop.hysteresis;
    if (down >= setpoint) {
      const message = `${show(down)} must be below the setpoint of ${signal}, ${show(setpoint)}`;
      faults.push({ path: at('hysteresis', 'down'), message });
    }
    if (up <= setpoint) {
      const message = `${show(up)} must be above the setpoint of ${signal}, ${show(setpoint)}`;
      faults.push({ path: at('hysteresis', 'up'), message });
    }
  }
  if (loop.limits.min > loop.limits.max) {
    const message = `${loop.limits.min} must not be above max, ${loop.limits.max}`;
    faults.push({ path: at('limits', 'min'), message });
  }
  if (loop.every > guards.evidenceMaxAge * 20) {
    const message = `${formatDuration(loop.every)} is more than 20 times guards.evidenceMaxAge`;
    faults.push({ path: at('every'), message });
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

import type { Policy } from '@flyball/contract';
import type { Question } from '../observe/observer.port.ts';
import { gaugeOf } from '../orient/signals.ts';
import { sloWindowsMs } from '../orient/slo.ts';

/** What has to be observed for a policy's loops and modes. */
export function questionFor(policy: Policy): Question {
  const signals = [policy.observe.saturation, policy.loops.replicas?.law.pid.signal];
  const gauges = signals
    .filter((signal): signal is string => signal !== undefined && signal !== 'none')
    .flatMap((signal) => gaugeOf(signal) ?? []);
  return {
    service: policy.service,
    windowMs: policy.observe.window,
    gauges: [...new Set(gauges)],
    latencyObjectiveMs: policy.objectives.latency?.p99 ?? null,
    sloWindowsMs: sloWindowsMs(policy),
  };
}

import type { Policy } from '@flyball/contract';
import type { Question } from '../observe/observer.port.ts';
import { gaugeOf } from '../orient/signals.ts';
import { sloWindowsMs } from '../orient/slo.ts';
import { replicaSignal } from '../policies/law-configs.ts';

/** What has to be observed for a policy's loops and modes. */
export function questionFor(policy: Policy): Question {
  const { replicas } = policy.loops;
  const signals = [
    policy.observe.saturation,
    ...(replicas === undefined ? [] : [replicaSignal(policy, replicas)]),
  ];
  const gauges = signals
    .filter((signal) => signal !== 'none')
    .flatMap((signal) => gaugeOf(signal) ?? []);
  return {
    service: policy.service,
    windowMs: policy.observe.window,
    gauges: [...new Set(gauges)],
    latencyObjectiveMs: policy.objectives.latency?.p99 ?? null,
    sloWindowsMs: sloWindowsMs(policy),
  };
}

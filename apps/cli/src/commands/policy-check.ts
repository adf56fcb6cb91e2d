import { formatDuration, formatPercent, type Policy, replicaPlan } from '@flyball/contract';
import type { Command } from '../command.ts';
import { operandOf } from '../options.ts';
import { readPolicy, readSteering } from '../policy/read-policy.ts';

const USAGE = 'policy check FILE';

/** `flyball policy check FILE`: what is wrong with a policy, or how it is understood. */
export const policyCheck: Command = {
  name: 'policy check',
  usage: USAGE,
  summary: 'check a policy file and say what is wrong, or how it is understood',
  help: `Exit code 0 when the file is good, 1 when it has a fault. Each fault is one line:
  FILE:LINE:COLUMN: FIELD: VALUE and REASON
\${NAME} in the file takes the value of the environment variable, \${NAME:-text} has a default.`,
  options: {},
  async run(invocation) {
    const { environment, out } = invocation;
    const file = operandOf(invocation, 'file', USAGE);
    const policy = readPolicy(file, environment);
    if (policy.loops.replicas !== undefined) readSteering(file, environment);
    out(`${file} is good: policy ${policy.name} for the service ${policy.service}.`);
    for (const line of linesOf(policy)) out(`  ${line}`);
    return 0;
  },
};

function linesOf(policy: Policy): string[] {
  const { objectives, loops } = policy;
  const { rate, weights } = loops;
  const promised = [
    ...(objectives.availability === undefined
      ? []
      : [`${formatPercent(objectives.availability)} of requests succeed`]),
    ...(objectives.latency === undefined
      ? []
      : [`99 of 100 are answered within ${formatDuration(objectives.latency.p99)}`]),
  ];
  return [
    `objectives: ${promised.length === 0 ? 'none' : promised.join(', ')}`,
    ...replicasLines(policy),
    ...(rate === undefined
      ? []
      : [
          `rate: latencyBand, ${rate.limits.min} to ${rate.limits.max} requests/s, ` +
            `every ${formatDuration(rate.every)}`,
        ]),
    ...(weights === undefined
      ? []
      : [`weights: feedbackWeights, every ${formatDuration(weights.every)}`]),
    ...(Object.values(loops).every((loop) => loop === undefined) ? ['loops: none'] : []),
  ];
}

function replicasLines(policy: Policy): string[] {
  const loop = policy.loops.replicas;
  if (loop === undefined) return [];
  const { law, bounds } = replicaPlan(policy, loop);
  const { autonomy } = loop;
  const wait = (ms: number) => (ms === 0 ? 'at once' : `after ${formatDuration(ms)}`);
  return [
    `replicas: ${law.kind}, ${bounds.min} to ${bounds.max}, every ${formatDuration(loop.every)}`,
    `  figures: ${JSON.stringify(law.config)}`,
    `  a step up: at most +${formatPercent(bounds.stepUp)}, ${wait(bounds.cooldownUpMs)}`,
    `  a step down: at most -${formatPercent(bounds.stepDown)}, ${wait(bounds.cooldownDownMs)}`,
    `  at most ${bounds.actionsPerHour} changes and ${bounds.reversalsPerHour} reversals ` +
      `an hour; nothing on evidence older than ${formatDuration(bounds.evidenceMaxAgeMs)}`,
    ...bounds.freeze.map((window) => `  frozen: ${window}`),
    `  autonomy: up ${autonomy.up}, down ${autonomy.down}`,
  ];
}

import { readFileSync } from 'node:fs';
import { formatPolicyError, type Policy, parsePolicy, replicaPlan } from '@flyball/contract';
import { ConfigError, type GovernorConfig, governorOf } from '@flyball/control';
import { CommandError, type Invocation } from '../command.ts';

/** A policy whose replicas can be steered, and with what. */
export interface ReplicaSteering {
  readonly policy: Policy;
  readonly file: string;
  readonly everyMs: number;
  readonly governor: GovernorConfig;
}

/** @throws CommandError with each fault in a line, as a controller would tell it. */
export function readPolicy(file: string, environment: Invocation['environment']): Policy {
  const parsed = parsePolicy({ file, text: textOf(file), variables: environment });
  if (!parsed.ok) throw new CommandError(...parsed.errors.map(formatPolicyError));
  return parsed.policy;
}

/** The policy's replicas loop, ready to run. */
export function readSteering(
  file: string,
  environment: Invocation['environment'],
): ReplicaSteering {
  const policy = readPolicy(file, environment);
  const loop = policy.loops.replicas;
  if (loop === undefined) {
    throw new CommandError(
      `${file}: spec.loops.replicas: is missing: this command is about the number of replicas`,
    );
  }
  const { everyMs, law, bounds } = replicaPlan(policy, loop);
  const governor = { law, bounds } satisfies GovernorConfig;
  try {
    governorOf(governor);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`${file}: spec.loops.replicas: ${error.message}`);
  }
  return { policy, file, everyMs, governor };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${whyNot(error as NodeJS.ErrnoException)}`);
  }
}

/** Why a file cannot be read, in words. */
export function whyNot(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such file';
  if (error.code === 'EISDIR') return 'is a directory: name a file in it';
  return error.code === 'EACCES' ? 'may not be read' : error.message;
}

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Policy, type PolicyError, parsePolicy } from '@flyball/contract';
import { controlFaults } from './control-faults.ts';

export interface LoadedPolicy {
  readonly policy: Policy;
  readonly file: string;
  readonly text: string;
  /** sha256 of the text. */
  readonly hash: string;
}

export interface PolicySet {
  /** Sorted by service. */
  readonly policies: readonly LoadedPolicy[];
  readonly errors: readonly PolicyError[];
}

export const NO_POLICIES: PolicySet = { policies: [], errors: [] };

type Variables = Readonly<Record<string, string | undefined>>;

/** A directory does not hold more policies than this; each is at most this many bytes. */
const MOST_FILES = 1_000;
const MOST_BYTES = 256 * 1024;

/** Reads `*.yaml` and `*.yml`. A file with faults keeps the version that was read before. */
export async function readPolicies(
  directory: string,
  variables: Variables,
  before: PolicySet,
): Promise<PolicySet> {
  const names = await listFiles(directory);
  if (!Array.isArray(names)) return { policies: before.policies, errors: [names] };
  const known = new Map(before.policies.map((loaded) => [loaded.file, loaded]));
  const policies: LoadedPolicy[] = [];
  const errors: PolicyError[] = [];
  for (const file of names) {
    const text = await readFile(join(directory, file), 'utf8');
    const old = known.get(file);
    const result = old?.text === text ? old : load(file, text, variables);
    if (!Array.isArray(result)) {
      policies.push(result as LoadedPolicy);
      continue;
    }
    errors.push(...result);
    if (old !== undefined) policies.push(old);
  }
  return withoutDoubles(policies, errors);
}

function load(file: string, text: string, variables: Variables): LoadedPolicy | PolicyError[] {
  if (text.length > MOST_BYTES) return [wholeFile(file, `is larger than ${MOST_BYTES} bytes`)];
  const parsed = parsePolicy({ file, text, variables });
  if (!parsed.ok) return [...parsed.errors];
  const faults = controlFaults(parsed.policy);
  if (faults.length > 0) {
    return faults.map(({ field, message }) => ({ ...wholeFile(file, message), field }));
  }
  const hash = createHash('sha256').update(text).digest('hex');
  return { policy: parsed.policy, file, text, hash };
}

async function listFiles(directory: string): Promise<string[] | PolicyError> {
  try {
    const names = (await readdir(directory)).filter((name) => /\.ya?ml$/.test(name)).sort();
    if (names.length <= MOST_FILES) return names;
    return wholeFile(directory, `holds ${names.length} policies, at most ${MOST_FILES} are read`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return wholeFile(directory, 'does not exist: make it, or set FLYBALL_POLICIES to another');
    }
    throw error;
  }
}

/** Two policies for one service would fight: the first file by name wins, the other is told. */
function withoutDoubles(policies: LoadedPolicy[], errors: PolicyError[]): PolicySet {
  const owners = new Map<string, LoadedPolicy>();
  for (const loaded of policies) {
    const { service, name } = loaded.policy;
    const owner =
      owners.get(service) ?? [...owners.values()].find((other) => other.policy.name === name);
    if (owner === undefined) {
      owners.set(service, loaded);
    } else {
      const message = `${service} (policy ${name}) is already taken by ${owner.file}`;
      errors.push({ ...wholeFile(loaded.file, message), field: 'spec.service' });
    }
  }
  const sorted = [...owners.values()].sort((a, b) =>
    a.policy.service.localeCompare(b.policy.service),
  );
  return { policies: sorted, errors };
}

function wholeFile(file: string, message: string): PolicyError {
  return { file, line: null, column: null, field: '', message };
}

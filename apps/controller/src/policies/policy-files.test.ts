import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NO_POLICIES, readPolicies } from './policy-files.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flyball-policies-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(file: string, service: string, more = ''): void {
  const text = `apiVersion: flyball/v1
kind: Policy
metadata: { name: ${service} }
spec:
  service: ${service}
${more}`;
  writeFileSync(join(directory, file), text);
}

const services = (set: typeof NO_POLICIES) => set.policies.map(({ policy }) => policy.service);

it('reads every policy, sorted, and leaves other files alone', async () => {
  write('b.yaml', 'beta');
  write('a.yml', 'alpha');
  writeFileSync(join(directory, 'notes.txt'), 'nothing');
  writeFileSync(join(directory, 'old.yaml.example'), 'kind: nothing');
  const set = await readPolicies(directory, {}, NO_POLICIES);
  expect(services(set)).toEqual(['alpha', 'beta']);
  expect(set.errors).toEqual([]);
});

it('keeps the last good version of a file that broke, until it is good again', async () => {
  write('a.yaml', 'alpha');
  const good = await readPolicies(directory, {}, NO_POLICIES);
  write('a.yaml', 'alpha', '  objectives: { availability: 10% }\n');
  const broken = await readPolicies(directory, {}, good);
  expect(services(broken)).toEqual(['alpha']);
  expect(broken.policies[0]?.hash).toBe(good.policies[0]?.hash);
  expect(broken.errors[0]).toMatchObject({ file: 'a.yaml', field: 'spec.objectives.availability' });
  write('a.yaml', 'alpha', '  objectives: { availability: 99% }\n');
  const mended = await readPolicies(directory, {}, broken);
  expect(mended.errors).toEqual([]);
  expect(mended.policies[0]?.policy.objectives.availability).toBe(0.99);
});

it('forgets a policy whose file is gone', async () => {
  write('a.yaml', 'alpha');
  const before = await readPolicies(directory, {}, NO_POLICIES);
  rmSync(join(directory, 'a.yaml'));
  expect(services(await readPolicies(directory, {}, before))).toEqual([]);
});

it('gives a service to one policy only', async () => {
  write('a.yaml', 'alpha');
  write('b.yaml', 'alpha');
  const set = await readPolicies(directory, {}, NO_POLICIES);
  expect(services(set)).toEqual(['alpha']);
  expect(set.errors[0]).toMatchObject({ file: 'b.yaml', field: 'spec.service' });
  expect(set.errors[0]?.message).toContain('a.yaml');
});

it('says what to do when the directory is missing, and goes on with what it had', async () => {
  write('a.yaml', 'alpha');
  const before = await readPolicies(directory, {}, NO_POLICIES);
  const set = await readPolicies(join(directory, 'nowhere'), {}, before);
  expect(services(set)).toEqual(['alpha']);
  expect(set.errors[0]?.message).toContain('FLYBALL_POLICIES');
});

it('refuses what only the control library can tell', async () => {
  write('a.yaml', 'alpha', '  guards: { freeze: ["Someday 18:00 - Mon 06:00 Europe/Berlin"] }\n');
  const set = await readPolicies(directory, {}, NO_POLICIES);
  expect(set.errors[0]?.field).toBe('spec.guards.freeze.0');
  expect(services(set)).toEqual([]);
});

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const DEMO = join(import.meta.dirname, '..', '..', 'infra', 'demo', 'policies');

interface PolicyText {
  metadata: { name: string };
  spec: Record<string, Record<string, unknown>>;
}

/**
 * The demo's own policies with shorter time constants: the same laws, modes and actuators, on a
 * clock a test can wait for. `change` may alter a policy further.
 */
export function shortenedPolicies(change: (policy: PolicyText) => void = () => {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-policies-'));
  for (const file of readdirSync(DEMO).filter((name) => name.endsWith('.yaml'))) {
    const policy = parse(readFileSync(join(DEMO, file), 'utf8')) as PolicyText;
    const { spec } = policy;
    spec.modes = {
      ...spec.modes,
      recovery: { ramp: ['10%', '50%', '100%'], stableFor: '12s' },
      enterAfter: '2s',
      exitAfter: '5s',
    };
    spec.objectives = {
      ...spec.objectives,
      burn: [{ long: '40s', short: '20s', factor: 14.4 }],
    };
    spec.approvals = { ...spec.approvals, verifyAfter: '20s' };
    change(policy);
    writeFileSync(join(folder, file), stringify(policy));
  }
  return folder;
}

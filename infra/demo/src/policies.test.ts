import { readdirSync, readFileSync } from 'node:fs';
import { formatPolicyError, parsePolicy } from '@flyball/contract';
import { describe, expect, it } from 'vitest';
import { SHOP } from './shop.ts';

const DIRECTORY = new URL('../policies/', import.meta.url);

function policyOf(file: string) {
  const text = readFileSync(new URL(file, DIRECTORY), 'utf8');
  const result = parsePolicy({ file, text });
  if (!result.ok) throw new Error(result.errors.map(formatPolicyError).join('\n'));
  return result.policy;
}

describe("the shop's policies", () => {
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.yaml'));

  it('exist for every service and the gateway', () => {
    const services = files.map((file) => policyOf(file).service);
    expect(services.sort()).toEqual([...SHOP.map(({ service }) => service), 'gateway'].sort());
  });

  it.each(SHOP)('let $service keep the size it starts with', ({ service, replicas }) => {
    const limits = policyOf(`${service}.yaml`).loops.replicas?.limits;
    expect(limits?.min).toBe(replicas);
    expect(limits?.max).toBeGreaterThan(replicas);
  });

  it('never shed below what the base load asks of checkout', () => {
    const floor = policyOf('checkout.yaml').loops.rate?.limits.min ?? 0;
    expect(floor).toBeGreaterThan(60 * 0.6);
  });
});

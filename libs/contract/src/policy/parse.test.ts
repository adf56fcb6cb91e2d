import { describe, expect, it } from 'vitest';
import { formatPolicyError, parsePolicy, policyJsonSchema } from './parse.ts';
import type { Policy } from './schema.ts';

const GOOD = `apiVersion: flyball/v1
kind: Policy
metadata: { name: checkout }
spec:
  service: checkout
  objectives: { availability: 99.9%, latency: { p99: 300ms } }
  loops:
    replicas:
      law: { pid: { signal: cpu.utilization, setpoint: 70%, ki: 0.02 } }
      hysteresis: { up: 80%, down: 60% }
      every: 30s
      limits: { min: 2, max: 50 }
      actuator: { processes: { url: "http://127.0.0.1:\${PORT:-4500}" } }
      autonomy: { up: auto, down: ask }
    rate:
      law: { latencyBand: { p99: 100ms } }
      limits: { min: 20, max: 1000 }
      actuator: { guard: {} }
      autonomy: off
`;

function parse(text: string, variables: Record<string, string> = {}): Policy {
  const result = parsePolicy({ file: 'checkout.yaml', text, variables });
  if (!result.ok) throw new Error(result.errors.map(formatPolicyError).join('\n'));
  return result.policy;
}

/** The faults of the good file after one replacement, as they are printed. */
function faults(from: string, to: string): string[] {
  expect(GOOD).toContain(from);
  const result = parsePolicy({ file: 'checkout.yaml', text: GOOD.replace(from, to) });
  return result.ok ? [] : result.errors.map(formatPolicyError);
}

describe('a policy file', () => {
  it('is read with its quantities parsed and its defaults filled in', () => {
    const policy = parse(GOOD);
    expect(policy.name).toBe('checkout');
    expect(policy.objectives.availability).toBe(0.999);
    expect(policy.objectives.latency).toEqual({ p99: 300 });
    expect(policy.objectives.window).toBe(30 * 86_400_000);
    expect(policy.objectives.burn[0]).toEqual({ long: 3_600_000, short: 300_000, factor: 14.4 });
    expect(policy.loops.replicas).toMatchObject({
      law: { pid: { signal: 'cpu.utilization', setpoint: 0.7, kp: 1, ki: 0.02, kd: 0 } },
      hysteresis: { up: 0.8, down: 0.6 },
      every: 30_000,
      cooldown: { up: 60_000, down: 180_000 },
      limits: { min: 2, max: 50, stepUp: 1, stepDown: 0.1 },
      autonomy: { up: 'auto', down: 'ask' },
    });
    expect(policy.loops.rate?.autonomy).toEqual({ up: 'off', down: 'off' });
    expect(policy.modes.recovery).toMatchObject({ ramp: [0.1, 0.5, 1], stableFor: 300_000 });
    expect(policy.guards.evidenceMaxAge).toBe(30_000);
  });

  it('takes variables from the environment, or their defaults', () => {
    const url = (policy: Policy) => policy.loops.replicas?.actuator.processes.url;
    expect(url(parse(GOOD))).toBe('http://127.0.0.1:4500');
    expect(url(parse(GOOD, { PORT: '9000' }))).toBe('http://127.0.0.1:9000');
    expect(faults(':-4500}', '}')).toEqual([
      `checkout.yaml:13:55: \${PORT} is not set: set PORT, or give a default as \${PORT:-value}`,
    ]);
  });

  it('is refused with file, line, field, value and bound', () => {
    expect(faults('every: 30s', 'every: 30')).toEqual([
      'checkout.yaml:11:14: spec.loops.replicas.every: "30" is no duration: ' +
        'write it like 250ms, 30s or 5m',
    ]);
    expect(faults('setpoint: 70%', 'setpoint: 170 percent')[0]).toContain(
      'checkout.yaml:9:56: spec.loops.replicas.law.pid.setpoint: "170 percent" is no level',
    );
    expect(faults('availability: 99.9%', 'availability: 20%')[0]).toContain(
      'spec.objectives.availability: 20% is too small: at least 50%',
    );
    expect(faults('max: 50', 'max: 5.5')[0]).toContain('spec.loops.replicas.limits.max: 5.5: ');
    expect(faults('limits: { min: 2, max: 50 }', 'limits: { min: 2 }')).toEqual([
      'checkout.yaml:12:15: spec.loops.replicas.limits.max: is missing',
    ]);
  });

  it('is refused when fields contradict each other', () => {
    expect(faults('down: 60%', 'down: 75%')).toEqual([
      'checkout.yaml:10:36: spec.loops.replicas.hysteresis.down: 75% must be below the setpoint ' +
        'of cpu.utilization, 70%',
    ]);
    expect(faults('up: 80%', 'up: 70%')[0]).toContain('70% must be above the setpoint');
    expect(faults('min: 2, max: 50', 'min: 60, max: 50')[0]).toContain(
      'spec.loops.replicas.limits.min: 60 must not be above max, 50',
    );
  });

  it('says what an unknown field could have meant, and tells all faults at once', () => {
    expect(faults('hysteresis:', 'hysterisis:')).toEqual([
      'checkout.yaml:10:7: spec.loops.replicas.hysterisis: is not a field here: ' +
        'did you mean hysteresis?',
    ]);
    const both = GOOD.replace('every: 30s', 'evry: 30s').replace('kind: Policy', 'kind: Polcy');
    const result = parsePolicy({ file: 'a.yaml', text: both });
    expect(result.ok ? [] : result.errors.map((error) => error.field)).toEqual([
      'kind',
      'spec.loops.replicas.evry',
    ]);
  });

  it('is refused when it is not YAML, or nothing at all', () => {
    const broken = parsePolicy({ file: 'a.yaml', text: 'spec: { service: checkout' });
    expect(broken).toMatchObject({ ok: false, errors: [{ line: 1 }] });
    expect(parsePolicy({ file: 'a.yaml', text: '' })).toMatchObject({ ok: false });
    expect(parsePolicy({ file: 'a.yaml', text: '- 1\n- 2\n' })).toMatchObject({ ok: false });
  });

  it('has a JSON Schema for editors', () => {
    const schema = policyJsonSchema() as {
      properties: Record<string, unknown>;
      required: string[];
    };
    expect(schema.required).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(JSON.stringify(schema)).toContain('"hysteresis"');
  });
});

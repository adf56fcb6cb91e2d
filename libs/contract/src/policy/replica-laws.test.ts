import { describe, expect, it } from 'vitest';
import { formatPolicyError, parsePolicy, policyJsonSchema } from './parse.ts';
import { replicaPlan } from './replica-plan.ts';
import type { Policy, ReplicasLoopPolicy } from './schema.ts';

const text = (law: string, more = '', objectives = '{ latency: { p99: 300ms } }') => `
apiVersion: flyball/v1
kind: Policy
metadata: { name: checkout }
spec:
  service: checkout
  objectives: ${objectives}
  loops:
    replicas:
      ${law}
      limits: { min: 2, max: 50 }
      startUp: 40s
      actuator: { processes: { url: "http://127.0.0.1:4500" } }
${more}`;

function parse(...parts: Parameters<typeof text>): Policy {
  const result = parsePolicy({ file: 'a.yaml', text: text(...parts) });
  if (!result.ok) throw new Error(result.errors.map(formatPolicyError).join('\n'));
  return result.policy;
}

function plan(...parts: Parameters<typeof text>) {
  const policy = parse(...parts);
  return replicaPlan(policy, policy.loops.replicas as ReplicasLoopPolicy);
}

function faults(...parts: Parameters<typeof text>): string[] {
  const result = parsePolicy({ file: 'a.yaml', text: text(...parts) });
  return result.ok ? [] : result.errors.map(formatPolicyError);
}

describe('the law of the replicas', () => {
  it('is autoscale where only an objective is stated', () => {
    expect(parse('').loops.replicas?.law).toEqual({ kind: 'autoscale', autoscale: {} });
    expect(plan('')).toMatchObject({
      everyMs: 5_000,
      law: {
        kind: 'autoscale',
        config: { p99Ms: 300, startupMs: 40_000, evidenceMaxAgeMs: 30_000 },
      },
    });
    expect(plan('law: { autoscale: }').law).toEqual(plan('').law);
  });

  it('takes the error objective of autoscale from the availability, at least one percent', () => {
    const ratio = (availability: string) =>
      plan('', '', `{ availability: ${availability} }`).law.config;
    expect(ratio('99.9%')).toMatchObject({ p99Ms: null, errorRatio: 0.01 });
    expect(ratio('95%')).toMatchObject({ errorRatio: 0.05 });
    expect(plan('').law.config).not.toHaveProperty('errorRatio');
  });

  it('reads what of autoscale is set and switched off', () => {
    const law =
      'law: { autoscale: { utilization: { most: 80% }, hold: 3m, terms: { season: false } } }';
    expect(plan(law).law.config).toEqual({
      p99Ms: 300,
      holdMs: 180_000,
      startupMs: 40_000,
      evidenceMaxAgeMs: 30_000,
      utilization: { most: 0.8 },
      terms: { season: false },
    });
  });

  it('wants an objective for autoscale', () => {
    expect(faults('', '', '{}')).toEqual([
      'a.yaml:11:7: spec.loops.replicas.law: autoscale, the default law, aims at an objective: ' +
        'give objectives.latency.p99 or objectives.availability, or name another law',
    ]);
  });

  it('is exactly one', () => {
    expect(faults('law: {}')).toEqual([
      'a.yaml:10:12: spec.loops.replicas.law: names no law: there are ' +
        'autoscale, pid, hpa, stablePanic, capacity, predictive, schedule',
    ]);
    expect(faults('law: { hpa: {}, capacity: {} }')).toEqual([
      'a.yaml:10:12: spec.loops.replicas.law: names 2 laws, hpa and capacity: a loop has one',
    ]);
    expect(faults('law: { hpaa: {} }')).toEqual([
      'a.yaml:10:14: spec.loops.replicas.law.hpaa: is not a field here: did you mean hpa?',
    ]);
    expect(faults('law: { hpa: { tolerence: 5% } }')).toEqual([
      'a.yaml:10:21: spec.loops.replicas.law.hpa.tolerence: is not a field here: ' +
        'did you mean tolerance?',
    ]);
  });

  it('reads hpa as Kubernetes has it, in plain words', () => {
    const law = `law:
        hpa:
          target: 60%
          tolerance: 5%
          behavior:
            up: { policies: [{ pods: 4, period: 15s }, { percent: 150%, period: 1m }], select: min }
            down: { stabilization: 60s, tolerance: 20% }`;
    expect(plan(law)).toMatchObject({
      everyMs: 15_000,
      law: {
        kind: 'hpa',
        config: {
          minReplicas: 2,
          maxReplicas: 50,
          targetPercent: 60,
          tolerance: 0.05,
          evidenceMaxAgeMs: 30_000,
          behavior: {
            scaleUp: {
              selectPolicy: 'Min',
              policies: [
                { type: 'Pods', value: 4, periodMs: 15_000 },
                { type: 'Percent', value: 150, periodMs: 60_000 },
              ],
            },
            scaleDown: { stabilizationMs: 60_000, tolerance: 0.2 },
          },
        },
      },
    });
    expect(plan('law: { hpa: }').law.config).toEqual({
      minReplicas: 2,
      maxReplicas: 50,
      evidenceMaxAgeMs: 30_000,
    });
  });

  it('reads the others', () => {
    const panic =
      'law: { stablePanic: { metric: rate, capacity: 20, ' +
      'stableWindow: 90s, panicThreshold: 150% } }';
    expect(plan(panic).law).toEqual({
      kind: 'stablePanic',
      config: {
        capacity: 20,
        minReplicas: 2,
        metric: 'rps',
        stableWindowMs: 90_000,
        panicThreshold: 1.5,
        evidenceMaxAgeMs: 30_000,
      },
    });
    expect(
      plan('law: { stablePanic: { metric: inflight, capacity: 1 } }').law.config,
    ).toMatchObject({
      metric: 'concurrency',
    });
    expect(
      plan('law: { capacity: { utilization: 65%, workers: 4, serviceTime: 80ms } }').law,
    ).toEqual({
      kind: 'capacity',
      config: {
        utilization: 0.65,
        workersPerReplica: 4,
        serviceTimeMs: 80,
        evidenceMaxAgeMs: 30_000,
      },
    });
    expect(plan('law: { predictive: { costOver: 5m } }').law).toEqual({
      kind: 'predictive',
      config: { etaMs: 40_000, everyMs: 15_000, costTauMs: 300_000, evidenceMaxAgeMs: 30_000 },
    });
    for (const calendar of ['day', 'week']) {
      const { law } = plan(`law: { predictive: { calendar: ${calendar} } }`);
      expect(law.config).toMatchObject({ calendar });
    }
    const windows = '[{ when: Mon-Fri 08:00 - 18:00 UTC, min: 10 }]';
    expect(plan(`law: { schedule: { windows: ${windows}, otherwise: { max: 3 } } }`).law).toEqual({
      kind: 'schedule',
      config: {
        windows: [{ when: 'Mon-Fri 08:00 - 18:00 UTC', min: 10 }],
        otherwise: { max: 3 },
        leadMs: 40_000,
        evidenceMaxAgeMs: 30_000,
      },
    });
  });

  it('tells pid by the figure its signal is', () => {
    const of = (signal: string) =>
      plan(`law: { pid: { signal: ${signal}, setpoint: 70% } }`).law.config;
    expect(of('p99')).toMatchObject({ signal: 'p99Ms', setpoint: 0.7, kp: 1, everyMs: 30_000 });
    expect(of('inflight')).toMatchObject({ signal: 'inFlightPerReplica' });
    expect(of('worker.utilization')).toMatchObject({
      signal: 'utilization',
      signalWindowMs: 20_000,
    });
  });

  it('sets the pace: by the law where it paces itself, by the loop where it does not', () => {
    const pace = (law: string) => {
      const { everyMs, bounds } = plan(law);
      const { cooldownUpMs, cooldownDownMs, stepUp, stepDown, confirmDownMs } = bounds;
      return [everyMs, cooldownUpMs, cooldownDownMs, stepUp, stepDown, confirmDownMs];
    };
    expect(pace('law: { autoscale: {} }')).toEqual([5_000, 0, 0, 10, 1, 60_000]);
    expect(pace('law: { hpa: {} }')).toEqual([15_000, 0, 0, 10, 1, undefined]);
    expect(pace('law: { stablePanic: { capacity: 1 } }')).toEqual([2_000, 0, 0, 10, 1, 60_000]);
    expect(pace('law: { pid: { setpoint: 70% } }')).toEqual([
      30_000, 60_000, 180_000, 1, 0.1, 100_000,
    ]);
    expect(pace('law: { capacity: {} }')).toEqual([30_000, 60_000, 180_000, 1, 0.1, 100_000]);
    // What the policy says goes before.
    expect(pace('every: 10s\n      cooldown: { down: 5m }')).toEqual([
      10_000, 0, 300_000, 10, 1, 60_000,
    ]);
  });

  it('bounds changes by what suits the law, unless the policy says otherwise', () => {
    const budget = (...parts: Parameters<typeof plan>) => {
      const { actionsPerHour, reversalsPerHour } = plan(...parts).bounds;
      return [actionsPerHour, reversalsPerHour];
    };
    expect(budget('')).toEqual([60, 12]);
    expect(budget('law: { pid: { setpoint: 70% } }')).toEqual([12, 6]);
    expect(budget('', '  guards: { actionsPerHour: 7 }')).toEqual([7, 12]);
    expect(budget('', '  guards: { reversalsPerHour: 2 }')).toEqual([60, 2]);
  });

  it('refuses what does not fit the law', () => {
    expect(faults('hysteresis: { up: 80%, down: 60% }')).toEqual([
      'a.yaml:10:19: spec.loops.replicas.hysteresis: is for the law pid; autoscale has a band of ' +
        'its own: leave it out',
    ]);
    expect(faults('law: { hpa: {} }', '  observe: { saturation: none }')).toEqual([
      'a.yaml:14:26: spec.observe.saturation: is none, but the law hpa reads how busy the ' +
        'instances are: name a gauge from 0 to 1',
    ]);
    const none = '  observe: { saturation: none }';
    expect(faults('law: { capacity: {} }', none)).toHaveLength(1);
    expect(faults('law: { capacity: { serviceTime: 80ms } }', none)).toEqual([]);
    expect(faults('law: { stablePanic: { capacity: 1 } }', none)).toEqual([]);
    expect(faults('law: { pid: { signal: p99, setpoint: 100 } }', none)).toEqual([]);
    expect(faults('law: { stablePanic: { capacity: 1, panicWindow: 1m } }')).toEqual([
      'a.yaml:10:55: spec.loops.replicas.law.stablePanic.panicWindow: 1m must be shorter than ' +
        'stableWindow, 1m',
    ]);
  });

  it('may have a schedule around any law', () => {
    const { bounds } = plan('schedule: { windows: [{ when: Sat 08:00 - Sun 20:00 UTC, min: 5 }] }');
    expect(bounds.schedule).toEqual({
      windows: [{ when: 'Sat 08:00 - Sun 20:00 UTC', min: 5 }],
      leadMs: 40_000,
      evidenceMaxAgeMs: 30_000,
    });
    expect(plan('').bounds).not.toHaveProperty('schedule');
  });

  it('refuses hours that ask for more than the limits allow', () => {
    const hours = (min: number) =>
      `schedule: { windows: [{ when: Sat 08:00 - Sun 20:00 UTC, min: ${min} }]`;
    expect(faults(`${hours(51)} }`)).toEqual([
      'a.yaml:10:69: spec.loops.replicas.schedule.windows.0.min: 51 must not be above ' +
        'limits.max, 50',
    ]);
    expect(faults(`${hours(50)} }`)).toEqual([]);
    expect(faults(`${hours(50)}, otherwise: { min: 52 } }`).join()).toContain(
      'schedule.otherwise.min: 52 must not be above',
    );
  });

  it('is in the JSON Schema, one of them and no more', () => {
    const schema = JSON.stringify(policyJsonSchema());
    expect(schema).toContain('"stablePanic"');
    expect(schema).toContain('"maxProperties":1');
  });
});

import { replicaPlan } from '@flyball/contract';
import { replicaLawOf } from '@flyball/control';
import { describe, expect, it } from 'vitest';
import type { TargetState } from '../act/actuator.port.ts';
import { policyOf } from '../cycle/cycle.fixture.ts';
import { questionFor } from '../cycle/questions.ts';
import { FakeObserver } from '../observe/observer.fake.ts';
import type { ServiceView } from '../observe/snapshot.ts';
import { type Assessment, assess } from '../orient/assess.ts';
import type { GuardFacts } from '../orient/guard-facts.ts';
import { controlFaults } from '../policies/control-faults.ts';
import { arbitrate } from './arbitrate.ts';
import { decideLoop } from './decide.ts';
import { type LoopInput, type LoopMemory, NO_MEMORY } from './loop.ts';
import { replicaObservation } from './observation.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

const policyWith = (law: string, more = '') =>
  policyOf(`
  service: checkout
  objectives: { latency: { p99: 250ms } }
  loops:
    replicas:
      ${law}
      limits: { min: 2, max: 10 }
      actuator: { processes: { url: "http://127.0.0.1:1" } }
      autonomy: auto
${more}`);

type Figures = Parameters<FakeObserver['show']>[2];

async function assessment(
  law: string,
  figures: Figures,
  { rejected = 0, quality }: { rejected?: number; quality?: ServiceView['quality'] } = {},
): Promise<Assessment> {
  const observer = new FakeObserver();
  observer.show('checkout', NOW_MS, figures);
  const view = observer.services.get('checkout');
  if (view !== undefined && quality !== undefined) {
    observer.services.set('checkout', { ...view, quality });
  }
  const guards: GuardFacts = {
    newestMs: NOW_MS,
    live: 1,
    instances: new Map(),
    versions: [1],
    traffic: {
      acceptedPerSecond: 100 - rejected,
      rejectedPerSecond: rejected,
      rejectRatio: rejected / 100,
    },
  };
  return assess({
    policy: policyWith(law),
    snapshot: await observer.observe([], NOW_MS),
    guards,
    replicas: null,
    registryAwaySinceMs: null,
    propagatingSinceMs: null,
  });
}

const target = (value: number, ready: number | null = value, starting = 0): TargetState => ({
  version: '1',
  value,
  inForce: value,
  ready,
  starting,
  observedAtMs: NOW_MS,
});

/** Requests have been counted for longer than a window. */
const COUNTED: LoopMemory = {
  ...NO_MEMORY,
  counted: { sinceMs: NOW_MS - 60_000, lastMs: NOW_MS - 5_000 },
};

function input(
  given: Assessment,
  state: TargetState,
  more: { memory?: LoopMemory; nowMs?: number } = {},
): LoopInput {
  return {
    nowMs: NOW_MS,
    mode: 'target',
    playbook: {},
    autonomy: { up: 'auto', down: 'auto' },
    hand: false,
    memory: COUNTED,
    assessment: given,
    target: state,
    ...more,
  };
}

describe('what a replica law is shown', () => {
  it('is rate, utilisation, in flight, latency, errors of the window, and the counts', async () => {
    const given = await assessment('', {
      requests: 2_000,
      errors: 20,
      p99Ms: 90,
      utilization: 0.6,
    });
    const seen = replicaObservation(input(given, target(4, 3, 1)), arbitrate(given));
    expect(seen).toEqual({
      nowMs: NOW_MS,
      evidenceAgeMs: 0,
      windowMs: 20_000,
      ratePerSecond: 100,
      utilization: 0.6,
      inFlight: 4,
      p99Ms: 90,
      errorRatio: 0.01,
      applied: 4,
      ready: 3,
      starting: 1,
      hand: false,
    });
  });

  it('is the offered load while requests are shed, and no latency of those let in', async () => {
    const given = await assessment('', { requests: 2_000, utilization: 0.6 }, { rejected: 50 });
    const seen = replicaObservation(input(given, target(4)), arbitrate(given));
    expect(seen).toMatchObject({
      ratePerSecond: 200,
      utilization: 1.2,
      inFlight: 8,
      p99Ms: null,
      errorRatio: null,
    });
  });

  it('is nothing where nothing is known: silence and broken spans are no zeros', async () => {
    const none = await assessment('', { requests: 0 });
    expect(replicaObservation(input(none, target(4, null)), arbitrate(none))).toMatchObject({
      ratePerSecond: 0,
      errorRatio: null,
      ready: 4,
    });
    const quality = { received: 100, rejected: 60, negative: 0 };
    const broken = await assessment('', { requests: 2_000 }, { quality });
    expect(replicaObservation(input(broken, target(4)), arbitrate(broken))).toMatchObject({
      ratePerSecond: null,
      inFlight: null,
      p99Ms: null,
      errorRatio: null,
      utilization: 0.5,
      evidenceAgeMs: 0,
    });
    const away = { ...none, view: undefined };
    expect(replicaObservation(input(away, target(4)), arbitrate(away))).toMatchObject({
      evidenceAgeMs: null,
      windowMs: 20_000,
      ratePerSecond: null,
      utilization: null,
    });
  });

  it('has no rate until a whole window was counted, at first and after a long break', async () => {
    const given = await assessment('', { requests: 2_000 });
    const rateAfter = (memory: LoopMemory) => {
      const seen = replicaObservation(input(given, target(4), { memory }), arbitrate(given));
      expect(seen).toMatchObject({ p99Ms: 100, utilization: 0.5, errorRatio: 0 });
      expect(seen.inFlight === null).toBe(seen.ratePerSecond === null);
      return seen.ratePerSecond;
    };
    const counted = (sinceMs: number, lastMs: number) =>
      rateAfter({ ...NO_MEMORY, counted: { sinceMs: NOW_MS - sinceMs, lastMs: NOW_MS - lastMs } });
    expect(rateAfter(NO_MEMORY)).toBeNull();
    expect(counted(19_999, 5_000)).toBeNull();
    expect(counted(20_000, 5_000)).toBe(100);
    expect(counted(900_000, 300_000)).toBe(100);
    expect(counted(900_000, 300_001)).toBeNull();
    // A clock that was set back counts anew.
    expect(counted(-1, -1)).toBeNull();
    const { memory } = decideLoop('replicas', input(given, target(4), { memory: NO_MEMORY }));
    expect(memory.counted).toEqual({ sinceMs: NOW_MS, lastMs: NOW_MS });
    const away = { ...given, view: undefined };
    const kept = decideLoop('replicas', input(away, target(4), { memory }));
    expect(kept.memory.counted).toEqual(memory.counted);
    const none = decideLoop('replicas', input(away, target(4), { memory: NO_MEMORY }));
    expect(none.memory).not.toHaveProperty('counted');
  });

  it('is as old as its oldest figure', async () => {
    const given = await assessment('', { requests: 2_000 });
    const view = given.view as ServiceView;
    const red = view.red === null ? null : { ...view.red, newestMs: NOW_MS - 9_000 };
    const older = { ...given, view: { ...view, red } };
    expect(replicaObservation(input(older, target(4)), arbitrate(older)).evidenceAgeMs).toBe(9_000);
  });

  it.each(['', 'law: { pid: { signal: worker.utilization, setpoint: 60% } }'])(
    'is as far from now when it is from the future: a clock went back (%s)',
    async (law) => {
      const given = await assessment(law, { ...BUSY, utilization: 0.1 });
      const before = { nowMs: NOW_MS - 3_600_000 };
      const decision = decideLoop('replicas', input(given, target(9), before));
      expect(decision).toMatchObject({ evidenceAgeMs: 3_600_000, bounded: 9 });
      expect(decision.reason).toBe('evidence-stale');
    },
  );
});

const BUSY: Figures = { requests: 6_000, p99Ms: 700, utilization: 1 };

describe.each([
  ['autoscale', ''],
  ['hpa', 'law: { hpa: { target: 60% } }'],
  ['stablePanic', 'law: { stablePanic: { capacity: 0.5 } }'],
  ['capacity', 'law: { capacity: { utilization: 60% } }'],
  ['predictive', 'law: { predictive: { utilization: 60% } }'],
  ['schedule', 'law: { schedule: { windows: [{ when: daily 00:00 - 23:59 UTC, min: 5 }] } }'],
])('%s in the loop', (name, law) => {
  it('adds replicas, says why, and stays in its limits', async () => {
    const given = await assessment(law, BUSY);
    const decision = decideLoop('replicas', input(given, target(3)));
    expect(decision.law).toBe(name);
    expect(decision.bounded).toBeGreaterThan(3);
    expect(decision.bounded).toBeLessThanOrEqual(10);
    expect(decision.text).toMatch(/\w.*\.$/);
    expect(decision.text).not.toContain('?');
    expect(Object.values(decision.terms).every(Number.isFinite)).toBe(true);
    expect(decision.measured).toBe(1);
  });

  it('takes nothing away without evidence', async () => {
    const given = { ...(await assessment(law, BUSY)), view: undefined };
    const decision = decideLoop('replicas', input(given, target(9)));
    expect(decision).toMatchObject({ bounded: 9, evidenceAgeMs: null, reason: 'evidence-missing' });
  });

  it('goes on identically from its memory as JSON text', async () => {
    const given = await assessment(law, BUSY);
    const first = decideLoop('replicas', input(given, target(3)));
    const memory = JSON.parse(JSON.stringify(first.memory)) as LoopMemory;
    const later = { nowMs: NOW_MS + 5_000 };
    expect(decideLoop('replicas', input(given, target(4), { ...later, memory }))).toEqual(
      decideLoop('replicas', input(given, target(4), { ...later, memory: first.memory })),
    );
  });
});

describe('how far predictive may have to look', () => {
  const starting = (startUp: string) =>
    policyWith(`law: { predictive: {} }\n      every: 15s\n      startUp: ${startUp}`);

  it('is as far as the law can: the schema and the law agree', () => {
    const furthest = starting('945s');
    const loop = furthest.loops.replicas as NonNullable<typeof furthest.loops.replicas>;
    expect(replicaLawOf(replicaPlan(furthest, loop).law).name).toBe('predictive');
    expect(() => starting('946s')).toThrow('15m 46s and every, 15s, are further than predictive');
  });
});

describe('another law', () => {
  it('begins anew, and pid goes on where it was', async () => {
    const pid = await assessment('law: { pid: { setpoint: 60%, ki: 0.02 } }', BUSY);
    const auto = await assessment('', BUSY);
    const hpa = await assessment('law: { hpa: { target: 60% } }', BUSY);
    let memory: LoopMemory = COUNTED;
    for (const [index, given] of [pid, auto, hpa, pid, pid].entries()) {
      const nowMs = NOW_MS + 1_000 * index;
      const decision = decideLoop('replicas', input(given, target(3), { nowMs, memory }));
      expect(decision.law).toBe(given.policy.loops.replicas?.law.kind);
      memory = decision.memory;
    }
    // The state of pid is stored as it always was.
    expect(memory.law).toMatchObject({ config: { setpoint: 0.6 }, lastMs: NOW_MS + 4_000 });
    expect(memory.law).not.toHaveProperty('kind');
  });
});

describe('a way down', () => {
  it('has to be confirmed where the law would believe a zero', async () => {
    const law = 'law: { capacity: { serviceTime: 50ms } }\n      cooldown: { down: 0 }';
    const given = await assessment(law, { requests: 0, utilization: 0.5 });
    let memory: LoopMemory = COUNTED;
    for (let tick = 0; tick < 20; tick += 1) {
      const nowMs = NOW_MS + 1_000 * tick;
      const decision = decideLoop('replicas', input(given, target(8), { nowMs, memory }));
      expect(decision).toMatchObject({ bounded: 8, reason: 'sudden-silence' });
      memory = JSON.parse(JSON.stringify(decision.memory));
    }
  });
});

describe('the least that the limits ask for', () => {
  const law = 'law: { pid: { setpoint: 60% } }';

  it('is reached although idle figures want less, at the first look', async () => {
    const given = await assessment(law, { requests: 20, utilization: 0.05 });
    expect(decideLoop('replicas', input(given, target(1)))).toMatchObject({
      bounded: 2,
      reason: 'at-min',
    });
  });

  it('is reached without evidence too', async () => {
    const given = { ...(await assessment(law, BUSY)), view: undefined };
    expect(decideLoop('replicas', input(given, target(1)))).toMatchObject({
      bounded: 2,
      reason: 'at-min',
    });
  });
});

describe('the loop is told by a signal that can be read', () => {
  it('is the gauge of how busy the instances are, or in flight where there is none', () => {
    expect(questionFor(policyWith('')).gauges).toEqual(['worker.utilization']);
    const none = policyWith(
      'law: { stablePanic: { capacity: 2 } }',
      '  observe: { saturation: none }',
    );
    expect(questionFor(none).gauges).toEqual([]);
  });

  it('stands beside its setpoint, the learned one too', async () => {
    const hpa = await assessment('law: { hpa: { target: 60% } }', BUSY);
    expect(decideLoop('replicas', input(hpa, target(3))).setpoint).toBe(0.6);
    const auto = await assessment('', BUSY);
    const decision = decideLoop('replicas', input(auto, target(3)));
    expect(decision.setpoint).toBe(decision.terms.safeUtilization);
  });
});

it('is refused with its field when the law cannot work', () => {
  const policy = policyWith('law: { schedule: { windows: [{ when: Someday, min: 3 }] } }');
  expect(controlFaults(policy)).toEqual([
    { field: 'spec.loops.replicas', message: expect.stringContaining('windows.0.when') },
  ]);
});

describe('replicas that are cold', () => {
  const WEIGHTS = `
    weights:
      law: { feedbackWeights: {} }
      actuator: { guard: {} }
`;

  async function weigh(law: string, startedMs: number, playbook: LoopInput['playbook'] = {}) {
    const policy = policyOf(`
  service: checkout
  objectives: { latency: { p99: 250ms } }
  loops:
    replicas:
      ${law}
      limits: { min: 2, max: 10 }
      actuator: { processes: { url: "http://127.0.0.1:1" } }
${WEIGHTS.trimEnd().replace(/^\n/, '')}`);
    const given = await assessment('', { requests: 2_000, instances: ['a', 'b'] });
    const instances = new Map([
      ['a', { healthy: true, startedAtMs: NOW_MS - 3_600_000 }],
      ['b', { healthy: true, startedAtMs: startedMs }],
    ]);
    const guards = given.guards === null ? null : { ...given.guards, instances };
    const state = { ...target(1), value: { a: 1, b: 1 }, inForce: { a: 1, b: 1 } };
    const seen = { ...input({ ...given, policy, guards }, state), playbook };
    return decideLoop('weights', seen);
  }

  it('get less at first where the law of the replicas asks for it', async () => {
    const young = await weigh('', NOW_MS - 12_000);
    const { a = 0, b = 0 } = young.bounded as Record<string, number>;
    // 12 of 30 s are 0.4; it answers as fast as the other one, so a fifth of the rest is believed.
    expect(b / a).toBeCloseTo(0.52, 3);
    expect(young.text).toContain('One is cold and gets less at first.');
    expect(young.terms).toMatchObject({ cold: 1, 'warm:b': expect.closeTo(0.52, 9) });
    expect(young.memory.slowStart).toBeDefined();
    const grown = await weigh('', NOW_MS - 60_000);
    expect(grown).toMatchObject({ reason: 'dead-band', bounded: { a: 1, b: 1 } });
  });

  it('get their share at once where it is switched off, or another law', async () => {
    const off = 'law: { autoscale: { terms: { slowStart: false } } }';
    for (const law of [off, 'law: { hpa: {} }']) {
      const decision = await weigh(law, NOW_MS - 12_000);
      expect(decision).toMatchObject({ reason: 'dead-band', bounded: { a: 1, b: 1 } });
      expect(decision.memory).not.toHaveProperty('slowStart');
    }
    const equal = await weigh('', NOW_MS - 12_000, { weights: 'equal' });
    expect(equal.bounded).toEqual({ a: 1, b: 1 });
    expect(equal.terms).not.toHaveProperty('cold');
  });
});

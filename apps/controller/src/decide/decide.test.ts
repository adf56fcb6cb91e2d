import { NOTHING_CONFIRMED } from '@flyball/control';
import { describe, expect, it } from 'vitest';
import type { TargetState } from '../act/actuator.port.ts';
import { policyOf } from '../cycle/cycle.fixture.ts';
import { FakeObserver } from '../observe/observer.fake.ts';
import { type Assessment, assess } from '../orient/assess.ts';
import type { GuardFacts } from '../orient/guard-facts.ts';
import { arbitrate } from './arbitrate.ts';
import { decideLoop } from './decide.ts';
import { type LoopInput, type LoopMemory, NO_MEMORY } from './loop.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

const POLICY = policyOf(`
  service: checkout
  observe: { window: 20s }
  loops:
    replicas:
      law: { pid: { signal: worker.utilization, setpoint: 60% } }
      hysteresis: { up: 75%, down: 40% }
      cooldown: { up: 0, down: 0 }
      limits: { min: 2, max: 10, stepDown: 50% }
      actuator: { processes: { url: "http://127.0.0.1:1" } }
      autonomy: auto
    rate:
      law: { latencyBand: { p99: 250ms } }
      limits: { min: 10, max: 400 }
      actuator: { guard: {} }
      autonomy: auto
    weights:
      law: { feedbackWeights: {} }
      actuator: { guard: {} }
      autonomy: auto
`);

const guards = (traffic: GuardFacts['traffic'], instances = ['a', 'b']): GuardFacts => ({
  newestMs: NOW_MS,
  live: 1,
  instances: new Map(instances.map((id) => [id, { healthy: true, startedAtMs: 0 }])),
  versions: [1],
  traffic,
});

const traffic = (accepted: number, rejected: number) => ({
  acceptedPerSecond: accepted,
  rejectedPerSecond: rejected,
  rejectRatio: rejected / (accepted + rejected),
});

async function assessment(
  figures: Parameters<FakeObserver['show']>[2],
  facts: GuardFacts | null = guards(traffic(100, 0)),
): Promise<Assessment> {
  const observer = new FakeObserver();
  observer.show('checkout', NOW_MS, figures);
  const snapshot = await observer.observe([], NOW_MS);
  return assess({
    policy: POLICY,
    snapshot,
    guards: facts,
    replicas: null,
    registryAwaySinceMs: null,
    propagatingSinceMs: null,
  });
}

const target = (value: TargetState['value'], ready: number | null = null): TargetState => ({
  version: '1',
  value,
  inForce: value,
  ready,
  starting: ready === null ? null : 0,
  observedAtMs: NOW_MS,
});

function input(
  given: Assessment,
  state: TargetState,
  more: Partial<Pick<LoopInput, 'playbook' | 'mode' | 'nowMs'>> & { memory?: LoopMemory } = {},
): LoopInput {
  return {
    nowMs: NOW_MS,
    mode: 'target',
    playbook: {},
    autonomy: { up: 'auto', down: 'auto' },
    hand: false,
    memory: NO_MEMORY,
    assessment: given,
    target: state,
    ...more,
  };
}

/** A way down has been proposed for long enough. */
const CONFIRMED: LoopMemory = {
  ...NO_MEMORY,
  confirmation: {
    ...NOTHING_CONFIRMED,
    trustedMs: 600_000,
    proposed: [{ atMs: 0, value: 1, ready: 1 }],
  },
};

describe('arbitration between the rate and the replicas', () => {
  it('shows the replicas the load that was offered, not what was let in', async () => {
    const shedding = await assessment({ utilization: 0.7 }, guards(traffic(60, 40)));
    const decision = decideLoop('replicas', input(shedding, target(2, 2)));
    // 70 % at 60 % of the demand is 117 % of it: 3.9 replicas at a setpoint of 60 %.
    expect(decision.terms.demandFactor).toBeCloseTo(1 / 0.6);
    expect(decision.measured).toBeCloseTo(0.7 / 0.6);
    expect(decision.bounded).toBe(4);
    const calm = await assessment({ utilization: 0.7 });
    expect(decideLoop('replicas', input(calm, target(2, 2))).bounded).toBe(2);
  });

  it('takes nothing away while anything is shed, however idle the instances look', async () => {
    const shedding = await assessment({ utilization: 0.1 }, guards(traffic(90, 10)));
    const settled = { memory: CONFIRMED };
    const decision = decideLoop('replicas', input(shedding, target(6, 6), settled));
    expect(decision).toMatchObject({ bounded: 6, reason: 'demand-hidden' });
    expect(decision.text).toContain('shed');
    const calm = await assessment({ utilization: 0.1 });
    expect(decideLoop('replicas', input(calm, target(6, 6), settled)).bounded).toBe(3);
    // At the first look nothing is taken away yet.
    const first = decideLoop('replicas', input(calm, target(6, 6)));
    expect(first).toMatchObject({ bounded: 6, reason: 'unconfirmed-drop' });
    expect(first.memory.confirmation?.proposed).toEqual([{ atMs: 0, value: 6, ready: 6 }]);
  });

  it('trusts the share of rejections only so far', () => {
    expect(arbitrate({ guards: guards(traffic(1, 99)) }).demandFactor).toBe(3);
    expect(arbitrate({ guards: guards(traffic(999, 1)) })).toEqual({
      demandFactor: 1,
      shedding: false,
    });
    expect(arbitrate({ guards: guards(null) }).shedding).toBe(false);
    expect(arbitrate({ guards: null }).shedding).toBe(false);
  });
});

describe('the rate', () => {
  it('falls when p99 is above its band, and says so', async () => {
    const slow = await assessment({ p99Ms: 900 });
    const decision = decideLoop('rate', input(slow, target(100)));
    expect(decision).toMatchObject({ bounded: 90, applied: 100, reason: 'latency-high' });
    expect(decision.text).toContain('900 ms');
  });

  it('is a share of the law’s own value in Floor, and does not shrink by it again', async () => {
    const slow = await assessment({ p99Ms: 250 });
    const floor = { playbook: { rateRatio: 0.2 }, mode: 'floor' as const };
    const first = decideLoop('rate', input(slow, target(100), floor));
    expect(first.bounded).toBe(20);
    expect(first.text).toContain('20 %');
    const later = { ...floor, memory: first.memory, nowMs: NOW_MS + 5_000 };
    const second = decideLoop('rate', input(slow, target(20), later));
    expect(second.bounded).toBe(20);
    // Handed back, the law goes on from its own value.
    const back = { playbook: {}, memory: first.memory, nowMs: NOW_MS + 5_000 };
    expect(decideLoop('rate', input(slow, target(20), back)).bounded).toBe(100);
  });

  it('stays inside its limits', async () => {
    const slow = await assessment({ p99Ms: 900 });
    expect(decideLoop('rate', input(slow, target(10.5))).bounded).toBe(10);
  });
});

describe('the weights', () => {
  it('follow errors per instance, and leave equal ones alone', async () => {
    const even = await assessment({});
    const steady = decideLoop('weights', input(even, target({ a: 1, b: 1 })));
    expect(steady.bounded).toEqual({ a: 1, b: 1 });
    expect(steady.text).toBe('The weights are what they should be.');
    const sick = await assessment({});
    const view = sick.view;
    if (view === undefined) throw new Error('no view');
    const b = view.instances.get('b');
    if (b === undefined) throw new Error('no instance');
    const instances = new Map([...view.instances, ['b', { ...b, errors: b.requests }]]);
    const decision = decideLoop(
      'weights',
      input({ ...sick, view: { ...view, instances } }, target({ a: 1, b: 1 })),
    );
    const weights = decision.bounded as Record<string, number>;
    expect(weights.b).toBeLessThan(weights.a ?? 0);
    expect(decision.reason).toBe('reweighted');
  });

  it('are equal when the mode asks for it', async () => {
    const even = await assessment({});
    const decision = decideLoop(
      'weights',
      input(even, target({ a: 1, b: 0.3 }), { playbook: { weights: 'equal' } }),
    );
    expect(decision.bounded).toEqual({ a: 1, b: 1 });
  });

  it('know only instances that guards can route to; a new one has the mean', async () => {
    const even = await assessment({}, guards(null, ['a', 'b', 'new']));
    const decision = decideLoop('weights', input(even, target({ a: 1, b: 0.5, gone: 1 })));
    expect(Object.keys(decision.applied).sort()).toEqual(['a', 'b', 'new']);
    expect((decision.applied as Record<string, number>).new).toBe(0.75);
  });
});

describe('any loop', () => {
  it('holds while a person has it in hand', async () => {
    const busy = await assessment({ utilization: 1 });
    const decision = decideLoop('replicas', { ...input(busy, target(2, 2)), hand: true });
    expect(decision).toMatchObject({ bounded: 2, reason: 'hand-control' });
    expect(decision.guards[0]).toMatchObject({ guard: 'handControl', effect: 'held' });
  });

  it('tells what every guard said, up to the one that held', async () => {
    const busy = await assessment({ utilization: 1 });
    const decision = decideLoop('replicas', input(busy, target(9, 9)));
    expect(decision.bounded).toBe(10);
    const clamp = decision.guards.find(({ guard }) => guard === 'clamp');
    expect(clamp).toMatchObject({ effect: 'bounded', before: 15, after: 10 });
    expect(decision.guards.filter(({ effect }) => effect === 'passed').length).toBeGreaterThan(5);
  });

  it('goes on identically from its memory as JSON text', async () => {
    const busy = await assessment({ utilization: 0.9 });
    const first = decideLoop('replicas', input(busy, target(4, 4)));
    const memory = JSON.parse(JSON.stringify(first.memory)) as LoopMemory;
    const nowMs = NOW_MS + 30_000;
    const kept = decideLoop('replicas', input(busy, target(4, 4), { memory: first.memory, nowMs }));
    const read = decideLoop('replicas', input(busy, target(4, 4), { memory, nowMs }));
    expect(read).toEqual(kept);
  });
});

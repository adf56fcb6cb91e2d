import { describe, expect, it } from 'vitest';
import type { GuardWord } from '../act/guard-reports.ts';
import { policyOf } from '../cycle/cycle.fixture.ts';
import { FakeObserver } from '../observe/observer.fake.ts';
import { type AssessInput, assess } from './assess.ts';
import { guardFacts, NO_TRAFFIC, rememberTraffic } from './guard-facts.ts';
import { readSignal } from './signals.ts';
import { judgeSlo, sloWindowsMs } from './slo.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

const POLICY = policyOf(`
  service: checkout
  objectives: { availability: 99.9%, latency: { p99: 300ms } }
  loops:
    replicas:
      law: { pid: { signal: worker.utilization, setpoint: 60% } }
      limits: { min: 2, max: 10 }
      actuator: { processes: { url: "http://127.0.0.1:1" } }
`);

function word(atMs: number, totals: Partial<GuardWord> = {}, guard = 'gw'): GuardWord {
  return {
    report: {
      guard,
      service: 'checkout',
      appliedVersion: 3,
      applied: { ratePerSecond: 100, weights: {} },
      instances: [
        { instance: 'a', healthy: true, startedAtMs: 1 },
        { instance: 'b', healthy: false, startedAtMs: 1 },
      ],
      seen: { windowMs: 1_000, accepted: 1, rejected: 0 },
    },
    receivedAtMs: atMs,
    acceptedTotal: 0,
    rejectedTotal: 0,
    seenMsTotal: 0,
    ...totals,
  };
}

async function given(
  show: Parameters<FakeObserver['show']>[2] | null,
  more: Partial<AssessInput> = {},
): Promise<AssessInput> {
  const observer = new FakeObserver();
  if (show !== null) observer.show('checkout', NOW_MS, show);
  return {
    policy: POLICY,
    snapshot: await observer.observe([], NOW_MS),
    guards: null,
    replicas: {
      version: '1',
      value: 4,
      inForce: 4,
      ready: 4,
      starting: 0,
      observedAtMs: NOW_MS,
    },
    registryAwaySinceMs: null,
    propagatingSinceMs: null,
    ...more,
  };
}

describe('traffic at the guards', () => {
  it('is the difference of two readings, whoever read in between', () => {
    const first = [word(NOW_MS - 10_000, { acceptedTotal: 1_000, seenMsTotal: 60_000 })];
    const last = [word(NOW_MS, { acceptedTotal: 1_900, rejectedTotal: 100, seenMsTotal: 70_000 })];
    let memory = rememberTraffic(NO_TRAFFIC, first, NOW_MS - 10_000, 15_000);
    expect(guardFacts(first, memory, NOW_MS - 10_000)?.traffic).toBeNull();
    memory = rememberTraffic(memory, last, NOW_MS, 15_000);
    // The same report again changes nothing.
    memory = rememberTraffic(memory, last, NOW_MS + 500, 15_000);
    expect(guardFacts(last, memory, NOW_MS)?.traffic).toEqual({
      acceptedPerSecond: 90,
      rejectedPerSecond: 10,
      rejectRatio: 0.1,
    });
  });

  it('adds up over guards, and forgets old readings', () => {
    const at = (ms: number, total: number) => [
      word(ms, { acceptedTotal: total, seenMsTotal: total * 10 }, 'one'),
      word(ms, { acceptedTotal: total, seenMsTotal: total * 10 }, 'two'),
    ];
    let memory = rememberTraffic(NO_TRAFFIC, at(NOW_MS - 60_000, 0), NOW_MS - 60_000, 15_000);
    memory = rememberTraffic(memory, at(NOW_MS - 10_000, 5_000), NOW_MS - 10_000, 15_000);
    memory = rememberTraffic(memory, at(NOW_MS, 6_000), NOW_MS, 15_000);
    expect(memory.readings).toHaveLength(4);
    expect(guardFacts(at(NOW_MS, 6_000), memory, NOW_MS)?.traffic?.acceptedPerSecond).toBe(200);
  });

  it('leaves out guards that are gone, but knows when the last was heard', () => {
    const facts = guardFacts([word(NOW_MS - 60_000)], NO_TRAFFIC, NOW_MS);
    expect(facts).toMatchObject({ live: 0, newestMs: NOW_MS - 60_000, versions: [] });
    expect(facts?.instances.size).toBe(0);
  });
});

describe('an assessment', () => {
  it('states each figure with its instant and its source', async () => {
    const { inputs } = assess(await given({ utilization: 0.97, errors: 100, requests: 1_000 }));
    expect(inputs.resilience?.concurrencyRatio).toMatchObject({
      value: 0.97,
      observedAtMs: NOW_MS,
    });
    expect(inputs.resilience?.failureRatio).toMatchObject({ value: 0.1, unit: 'ratio' });
    expect(inputs.resilience?.failureRatio?.binding.source).toBe('collector/red');
    expect(inputs.discovery?.instancesLost?.value).toBe(0);
    expect(inputs.load?.oneInstanceLeft?.value).toBe(false);
  });

  it('says nothing of what nobody observes, and is blind where it should see', async () => {
    const { inputs } = assess(await given(null, { replicas: null, registryAwaySinceMs: NOW_MS }));
    expect(inputs.discovery?.evidenceAgeMs).toBeUndefined();
    expect(inputs.discovery?.instancesLost).toBeNull();
    expect(inputs.resilience?.concurrencyRatio).toBeNull();
    expect(inputs.load?.imbalance).toBeUndefined();
    const unread = await given({});
    const failed = { ...unread.snapshot, failures: { red: 'away' } };
    const blind = assess({ ...unread, snapshot: failed });
    expect(blind.inputs.resilience?.failureRatio).toBeNull();
  });

  it('does not take instances that start for lost ones', async () => {
    const starting = { version: '1', value: 4, inForce: 4, ready: 0, starting: 4, observedAtMs: 0 };
    const { inputs } = assess(await given({}, { replicas: starting }));
    expect(inputs.load?.oneInstanceLeft?.value).toBe(false);
    expect(inputs.discovery?.instancesLost?.value).toBe(0);
    const dead = { ...starting, ready: 1, starting: 0 };
    const left = assess(await given({}, { replicas: dead })).inputs;
    expect(left.load?.oneInstanceLeft?.value).toBe(true);
    expect(left.discovery?.instancesLost?.value).toBe(3);
  });

  it('calls rejections backpressure, a few or most of them', async () => {
    const level = async (rejected: number) => {
      const words = [
        word(NOW_MS - 10_000),
        word(NOW_MS, { acceptedTotal: 100, rejectedTotal: rejected, seenMsTotal: 10_000 }),
      ];
      const memory = rememberTraffic(NO_TRAFFIC, words, NOW_MS, 15_000);
      const guards = guardFacts(words.slice(1), memory, NOW_MS);
      return assess(await given({}, { guards })).inputs.resilience?.backpressure?.value;
    };
    expect(await level(0)).toBe('ok');
    expect(await level(10)).toBe('slow-down');
    expect(await level(200)).toBe('reject');
  });

  it('counts unhealthy instances as failing checks and as out of rotation', async () => {
    const guards = guardFacts([word(NOW_MS)], NO_TRAFFIC, NOW_MS);
    const { inputs } = assess(await given({}, { guards }));
    expect(inputs.discovery?.healthCheckFailureRatio?.value).toBe(0.5);
    expect(inputs.load?.instancesOutOfRotation?.value).toBe(1);
  });
});

describe('objectives', () => {
  const windows = (requests: number, errors: number, slow: number) =>
    sloWindowsMs(POLICY).map((windowMs) => ({ windowMs, requests, errors, slow }));

  it('page when the budget burns too fast in both windows, and say for what', () => {
    expect(judgeSlo(POLICY, windows(10_000, 0, 0))).toMatchObject({ page: false, text: null });
    const errors = judgeSlo(POLICY, windows(10_000, 200, 0));
    expect(errors?.page).toBe(true);
    expect(errors?.text).toContain('errors burn the error budget 20.0 times too fast');
    const slow = judgeSlo(POLICY, windows(10_000, 0, 3_000));
    expect(slow?.text).toContain('slow requests burn');
  });

  it('say nothing without counts or without an objective', () => {
    expect(judgeSlo(POLICY, [])).toBeNull();
    expect(judgeSlo(policyOf('  service: x\n'), windows(10, 1, 1))).toBeNull();
  });
});

describe('signals', () => {
  it('are gauges averaged over instances that still report, or made from requests', async () => {
    const { snapshot } = await given({ utilization: 0.5, p99Ms: 120 });
    const view = snapshot.services.get('checkout');
    expect(readSignal('worker.utilization', view)).toEqual({ value: 0.5, observedAtMs: NOW_MS });
    expect(readSignal('p99', view)?.value).toBe(120);
    expect(readSignal('inflight', view)?.value).toBe(2);
    expect(readSignal('cpu.utilization', view)).toBeNull();
    expect(readSignal('p99', undefined)).toBeNull();
  });

  it('made from requests are none when too many of their spans were broken', async () => {
    const { snapshot, ...rest } = await given({ p99Ms: 120, errors: 500 });
    const view = snapshot.services.get('checkout');
    if (view === undefined) throw new Error('no view');
    const judged = (received: number, rejected: number, negative = 0) => {
      const quality = { received, rejected, negative };
      const services = new Map([['checkout', { ...view, quality }]]);
      const { inputs } = assess({ ...rest, snapshot: { ...snapshot, services } });
      return [
        readSignal('p99', services.get('checkout'))?.value ?? null,
        inputs.resilience?.failureRatio?.value ?? null,
      ];
    };
    expect(judged(1000, 19)).toEqual([120, 0.5]);
    expect(judged(10_000, 400)).toEqual([120, 0.5]);
    expect(judged(1000, 100)).toEqual([null, null]);
    expect(judged(1000, 0, 100)).toEqual([null, null]);
    const { view: sound } = assess({ ...rest, snapshot });
    expect(readSignal('worker.utilization', sound)).not.toBeNull();
  });

  it('forget an instance that has stopped', async () => {
    const { snapshot } = await given({ utilization: 0.8 });
    const view = snapshot.services.get('checkout');
    if (view === undefined) throw new Error('no view');
    const gauge = new Map(view.gauges.get('worker.utilization'));
    gauge.set('stopped', { value: 0, newestMs: NOW_MS - 15_000 });
    const gauges = new Map([['worker.utilization', gauge]]);
    expect(readSignal('worker.utilization', { ...view, gauges })?.value).toBe(0.8);
  });
});

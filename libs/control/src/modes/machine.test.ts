import { describe, expect, test } from 'vitest';
import { modeMachine } from './machine.ts';
import type { ModeInputs, TriggerId } from './mode.ts';
import { modeConfig } from './mode-config.ts';
import { calm, Scene, seen } from './scene.fixture.ts';

const MINUTE = 60_000;

function withResilience(atMs: number, more: ModeInputs['resilience']): ModeInputs {
  const inputs = calm(atMs);
  return { ...inputs, resilience: { ...inputs.resilience, ...more } };
}
const failing = (ratio: number) => (atMs: number) =>
  withResilience(atMs, { failureRatio: seen('errors.ratio', ratio, atMs) });
const paging = (atMs: number) => withResilience(atMs, { burnPage: seen('slo.page', true, atMs) });

/*
 *   calm     page                calm
 *   Target | Degraded ......... | 30 s | Recovery ................ 5 min | Target
 *                                        validate  10 %   50 %   100 %
 *                                        0-30 s    -120 s -210 s -300 s
 */
test('a page, and the way back', () => {
  const scene = new Scene();
  scene.run(MINUTE, calm);
  expect(scene.last).toMatchObject({ mode: 'target', held: null, transition: null });
  expect(scene.run(MINUTE, paging)).toMatchObject({ mode: 'degraded', worst: 'resilience' });
  scene.run(20_000, calm);
  expect(scene.last.mode).toBe('degraded');
  expect(scene.run(10_000, calm)).toMatchObject({
    mode: 'recovery',
    recovery: { from: 'degraded', phase: 'validating', share: 0 },
  });
  const shareAfter = (ms: number) => scene.run(ms, calm).recovery?.share;
  expect([shareAfter(20_000), shareAfter(10_000), shareAfter(90_000), shareAfter(90_000)]).toEqual([
    0, 0.1, 0.5, 1,
  ]);
  expect(scene.run(80_000, calm).mode).toBe('recovery');
  expect(scene.run(10_000, calm)).toMatchObject({ mode: 'target', recovery: null });
  expect(scene.path).toEqual(['target', 'degraded', 'recovery', 'target']);
});

test('every transition says what, when, why and from which evidence', () => {
  const scene = new Scene();
  scene.run(MINUTE, calm);
  scene.run(10_000, paging);
  expect(scene.last.transition).toMatchObject({
    from: 'target',
    to: 'degraded',
    atMs: scene.nowMs,
    dimension: 'resilience',
    cause: { kind: 'trigger', trigger: 'burn-rate-page' },
    text: 'Its error budget burns fast enough to page.',
    evidence: [{ signal: 'slo.page', value: true }],
  });
  scene.run(30_000, calm);
  expect(scene.last.transition).toMatchObject({
    cause: { kind: 'triggers-over' },
    dwellMs: 30_000,
    text: 'Its degraded triggers have been over for 30 s.',
  });
  expect(scene.last.transition?.evidence.length).toBeGreaterThan(2);
  scene.run(5 * MINUTE, calm);
  expect(scene.last.transition).toMatchObject({ cause: { kind: 'stable', forMs: 300_000 } });
});

/*
 *   80 % failing          15 % failing, no page       2 %
 *   Degraded, Floor ....  Recovery (validates only)   ramps, Target
 */
test('a floor trigger goes through Degraded to Floor, and its exit threshold is another', () => {
  const scene = new Scene();
  scene.run(MINUTE, calm);
  scene.run(10_000, failing(0.8));
  expect(scene.last.mode).toBe('target');
  scene.run(10_000, failing(0.8));
  expect(scene.last.mode).toBe('degraded');
  scene.run(10_000, failing(0.8));
  expect(scene.last.mode).toBe('floor');
  scene.run(5 * MINUTE, failing(0.4));
  expect(scene.last.mode).toBe('floor');
  scene.run(5 * MINUTE, failing(0.15));
  expect(scene.last).toMatchObject({ mode: 'recovery', recovery: { from: 'floor', share: 0 } });
  scene.run(5 * MINUTE, failing(0.02));
  expect(scene.last.mode).toBe('target');
  expect(scene.path).toEqual(['target', 'degraded', 'floor', 'recovery', 'target']);
});

test('a trigger during Recovery goes straight back', () => {
  const scene = new Scene();
  scene.run(MINUTE, paging);
  scene.run(2 * MINUTE, calm);
  expect(scene.last.mode).toBe('recovery');
  scene.run(10_000, paging);
  expect(scene.last.mode).toBe('degraded');
  scene.run(2 * MINUTE, calm);
  scene.run(30_000, failing(0.9));
  expect(scene.path).toEqual(['target', 'degraded', 'recovery', 'degraded', 'recovery', 'floor']);
});

test('a flicker shorter than the dwell time fires nothing, and does not add up', () => {
  const scene = new Scene({}, 2_000);
  for (let round = 0; round < 20; round += 1) {
    scene.run(8_000, failing(0.9));
    scene.run(2_000, calm);
  }
  expect(scene.path).toEqual(['target']);
});

test('unrest in Recovery repeats its step, not all of it', () => {
  const scene = new Scene();
  scene.run(10_000, paging);
  scene.run(30_000 + 150_000, calm);
  expect(scene.last.recovery).toMatchObject({ share: 0.5, stableMs: 150_000 });
  // Between exit (5 %) and entry (50 %): no trigger, but no Target either.
  scene.run(MINUTE, failing(0.1));
  expect(scene.last.recovery).toMatchObject({ share: 0.5, stableMs: 120_000 });
});

describe('blind', () => {
  const blindCases: readonly (readonly [string, (atMs: number) => ModeInputs, string])[] = [
    ['stale', (atMs) => calm(atMs - 31_000), 'stale-evidence'],
    ['missing', () => ({ resilience: { burnPage: null, failureRatio: null } }), 'no-evidence'],
    ['NaN', (atMs) => ({ ...calm(atMs), load: { imbalance: nanAt(atMs) } }), 'no-evidence'],
  ];
  const nanAt = (atMs: number) => ({ ...seen('load.imbalance', 1, atMs), value: Number.NaN });

  test.each(blindCases)('%s evidence is not a mode', (_name, inputs, reason) => {
    const scene = new Scene();
    scene.run(MINUTE, calm);
    scene.run(10 * MINUTE, inputs);
    expect(scene.last).toMatchObject({ mode: 'target', held: { reason } });
  });

  test('the way out stands still while blind, and goes on with sight', () => {
    const scene = new Scene();
    scene.run(10_000, paging);
    scene.run(10 * MINUTE, (atMs) => withResilience(atMs, { burnPage: null }));
    expect(scene.last).toMatchObject({
      mode: 'degraded',
      held: { reason: 'no-evidence', dimensions: ['resilience'] },
    });
    scene.run(130_000, calm);
    const { stableMs } = scene.last.recovery ?? {};
    scene.run(10 * MINUTE, (atMs) => calm(atMs - 31_000));
    expect(scene.last.recovery?.stableMs).toBe(stableMs);
    scene.run(200_000, calm);
    expect(scene.last.mode).toBe('target');
  });

  test('a figure that nobody observes any more does not end the trouble it was in', () => {
    const scene = new Scene();
    scene.run(10_000, paging);
    const { resilience: _gone, ...others } = calm(0);
    scene.run(10 * MINUTE, (atMs) => ({ ...others, ...without(calm(atMs)) }));
    expect(scene.last).toMatchObject({ mode: 'degraded', held: { reason: 'no-evidence' } });
  });

  function without(inputs: ModeInputs): ModeInputs {
    const { resilience: _gone, ...others } = inputs;
    return others;
  }

  test('a Recovery of which nobody observes anything any more does not end', () => {
    const scene = new Scene();
    scene.run(10_000, paging);
    scene.run(60_000, calm);
    expect(scene.last.mode).toBe('recovery');
    scene.run(10 * MINUTE, (atMs) => without(calm(atMs)));
    expect(scene.last).toMatchObject({
      mode: 'recovery',
      dimensions: { resilience: 'recovery' },
      held: { reason: 'no-evidence', dimensions: ['resilience'] },
    });
  });

  test('one fresh figure may make it worse although another is stale', () => {
    const scene = new Scene();
    scene.run(30_000, (atMs) => ({
      ...failing(0.9)(atMs),
      load: { imbalance: seen('load.imbalance', 1, atMs - 40_000) },
    }));
    expect(scene.last).toMatchObject({ mode: 'floor', held: { dimensions: ['load'] } });
  });

  test('a service that nobody observes at all stays in Target', () => {
    const scene = new Scene();
    expect(scene.run(10 * MINUTE, () => ({})).mode).toBe('target');
  });
});

describe('time', () => {
  test('a clock that goes back changes nothing and is then believed', () => {
    const scene = new Scene();
    scene.run(10_000, paging);
    scene.nowMs -= 3_600_000;
    expect(scene.run(10_000, calm).held).toMatchObject({ reason: 'clock-went-back' });
    scene.run(30_000, calm);
    expect(scene.last.mode).toBe('recovery');
  });

  test('a long silence is no stable evidence', () => {
    const scene = new Scene();
    scene.run(10_000, paging);
    scene.run(40_000, calm);
    expect(scene.last.mode).toBe('recovery');
    scene.nowMs += 3_600_000;
    expect(scene.run(10_000, calm)).toMatchObject({ mode: 'recovery' });
  });

  test('a broken time is refused', () => {
    const { state } = modeMachine.step(modeMachine.init(), { nowMs: 1_000, inputs: calm(1_000) });
    const step = modeMachine.step(state, { nowMs: Number.NaN, inputs: paging(1_000) });
    expect(step.state).toEqual(state);
  });
});

describe('dimensions', () => {
  test('the worst one is the mode of the service', () => {
    const scene = new Scene();
    scene.run(MINUTE, (atMs) => ({
      ...paging(atMs),
      load: { oneInstanceLeft: seen('load.one-left', true, atMs) },
    }));
    expect(scene.last).toMatchObject({
      mode: 'floor',
      worst: 'load',
      dimensions: { discovery: 'target', config: 'target', resilience: 'degraded', load: 'floor' },
    });
  });

  test('from Floor to a Degraded of another dimension the service passes through Recovery', () => {
    const scene = new Scene();
    scene.run(MINUTE, (atMs) => ({
      ...paging(atMs),
      load: { oneInstanceLeft: seen('load.one-left', true, atMs) },
    }));
    scene.run(MINUTE, paging);
    expect(scene.last.mode).toBe('degraded');
    expect(scene.path).toEqual(['target', 'degraded', 'floor', 'recovery', 'degraded']);
    const back = scene.reports.find((report) => report.transition?.from === 'recovery');
    expect(back?.transition).toMatchObject({
      cause: { kind: 'trigger', trigger: 'burn-rate-page' },
      dimension: 'resilience',
    });
  });

  test('an override keeps Recovery from ending, and is no trouble by itself', () => {
    const override = (atMs: number): ModeInputs => ({
      ...calm(atMs),
      config: {
        versionsInForce: seen('config.versions', 1, atMs),
        overridesInForce: seen('config.overrides', 1, atMs),
      },
    });
    const scene = new Scene();
    scene.run(10 * MINUTE, override);
    expect(scene.last.mode).toBe('target');
    const skewed = (atMs: number): ModeInputs => ({
      config: { versionsInForce: seen('config.versions', 2, atMs) },
    });
    scene.run(2 * MINUTE, skewed);
    scene.run(10 * MINUTE, override);
    expect(scene.last).toMatchObject({ mode: 'recovery', recovery: { share: 0 } });
    scene.run(6 * MINUTE, calm);
    expect(scene.last.mode).toBe('target');
  });
});

/** Each figure just past its entry threshold for its dwell time, in the mission's numbers. */
const CASES: readonly (readonly [TriggerId, 'degraded' | 'floor', (atMs: number) => ModeInputs])[] =
  [
    [
      'discovery-evidence-old',
      'degraded',
      (t) => ({ discovery: { evidenceAgeMs: seen('x', 10_001, t) } }),
    ],
    [
      'routing-outdated',
      'degraded',
      (t) => ({ discovery: { routingOutdated: seen('x', true, t) } }),
    ],
    [
      'health-checks-failing',
      'degraded',
      (t) => ({ discovery: { healthCheckFailureRatio: seen('x', 0.11, t) } }),
    ],
    ['instance-lost', 'degraded', (t) => ({ discovery: { instancesLost: seen('x', 1, t) } })],
    [
      'registry-unreachable',
      'floor',
      (t) => ({ discovery: { registryUnreachableMs: seen('x', 300_001, t) } }),
    ],
    ['version-skew', 'degraded', (t) => ({ config: { versionsInForce: seen('x', 2, t) } })],
    ['propagation-slow', 'degraded', (t) => ({ config: { propagationMs: seen('x', 60_001, t) } })],
    [
      'config-unreachable',
      'floor',
      (t) => ({ config: { unreachableWithoutCache: seen('x', true, t) } }),
    ],
    ['breaker-open', 'degraded', (t) => ({ resilience: { openBreakers: seen('x', 1, t) } })],
    [
      'breaker-trips',
      'degraded',
      (t) => ({ resilience: { breakerTripsPerMinute: seen('x', 4, t) } }),
    ],
    [
      'backpressure-slow-down',
      'degraded',
      (t) => ({ resilience: { backpressure: seen('x', 'slow-down', t) } }),
    ],
    [
      'concurrency-high',
      'degraded',
      (t) => ({ resilience: { concurrencyRatio: seen('x', 0.951, t) } }),
    ],
    ['burn-rate-page', 'degraded', (t) => ({ resilience: { burnPage: seen('x', true, t) } })],
    ['failure-ratio-high', 'floor', (t) => ({ resilience: { failureRatio: seen('x', 0.51, t) } })],
    [
      'backpressure-reject',
      'floor',
      (t) => ({ resilience: { backpressure: seen('x', 'reject', t) } }),
    ],
    ['load-imbalance', 'degraded', (t) => ({ load: { imbalance: seen('x', 1.21, t) } })],
    [
      'instance-out-of-rotation',
      'degraded',
      (t) => ({ load: { instancesOutOfRotation: seen('x', 1, t) } }),
    ],
    ['one-instance-left', 'floor', (t) => ({ load: { oneInstanceLeft: seen('x', true, t) } })],
    ['load-imbalance-severe', 'floor', (t) => ({ load: { imbalance: seen('x', 2.01, t) } })],
  ];

test.each(CASES)('%s leads to %s', (trigger, mode, inputs) => {
  const scene = new Scene();
  expect(scene.run(2 * MINUTE, inputs).mode).toBe(mode);
  expect(scene.last.activeTriggers).toContain(trigger);
  const { dwellMs } = modeConfig().thresholds[trigger];
  const first = scene.reports.findIndex((report) => report.activeTriggers.includes(trigger));
  expect(first * scene.everyMs).toBe(Math.ceil(dwellMs / scene.everyMs) * scene.everyMs);
});

test.each([
  ['ramp', { ramp: [0.5, 0.1, 1] }],
  ['ramp', { ramp: [0.5] }],
  ['validateForMs', { validateForMs: 300_000 }],
  ['stableForMs', { stableForMs: 0 }],
  ['thresholds.load-imbalance.enter', { thresholds: { 'load-imbalance': { enter: 1 } } }],
  ['thresholds.load-imbalance.exit', { thresholds: { 'load-imbalance': { exit: Number.NaN } } }],
])('%s is refused: %o', (field, config) => {
  expect(() => modeMachine.init(config)).toThrowError(new RegExp(`^${field} is `));
});

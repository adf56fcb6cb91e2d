import { describe, expect, test } from 'vitest';
import type { TriggerId } from './mode.ts';
import { DIMENSIONS, TRIGGER_IDS, TRIGGERS, triggersOf } from './triggers.ts';

/** What people read, at two levels where one and many are told apart. */
const TEXTS: readonly (readonly [TriggerId, number, string])[] = [
  ['discovery-evidence-old', 12_000, 'the newest sign of life of its instances is 12 s old'],
  ['routing-outdated', 1, 'the routing table is out of date'],
  ['health-checks-failing', 0.125, '12.5 % of its health checks fail'],
  ['instance-lost', 1, '1 of its instances is lost'],
  ['instance-lost', 2, '2 of its instances are lost'],
  ['registry-unreachable', 360_000, 'the registry has been out of reach for 6 min'],
  ['version-skew', 2, '2 versions of its configuration are in force'],
  ['propagation-slow', 90_000, 'its newest configuration has been under way for 90 s'],
  ['override-in-force', 3, '3 overrides are in force'],
  ['config-unreachable', 1, 'its configuration is out of reach and there is no cached copy'],
  ['breaker-open', 1, '1 circuit breaker is open'],
  ['breaker-open', 4, '4 circuit breakers are open'],
  ['breaker-trips', 4, 'its circuit breakers trip 4 times a minute'],
  ['backpressure-slow-down', 1, 'it asks its callers to slow down'],
  ['concurrency-high', 0.96, '96 % of its concurrency limit are in use'],
  ['burn-rate-page', 1, 'its error budget burns fast enough to page'],
  ['failure-ratio-high', 0.6, '60 % of its requests fail'],
  ['failure-ratio-lasting', 0.06, '6 % of its requests still fail'],
  ['backpressure-reject', 2, 'it rejects its callers'],
  ['load-imbalance', 1.25, 'its busiest instance has 1.25 times the mean load'],
  ['instance-out-of-rotation', 1, '1 of its instances is out of rotation'],
  ['instance-out-of-rotation', 3, '3 of its instances are out of rotation'],
  ['one-instance-left', 1, 'only one of its instances is left'],
  ['load-imbalance-severe', 2.5, 'its busiest instance has 2.5 times the mean load'],
];

test.each(TEXTS)('%s at %f: %s', (id, level, text) => {
  expect(TRIGGERS[id].text(level)).toBe(text);
});

test('every trigger has its sentence here', () => {
  expect(new Set(TEXTS.map(([id]) => id))).toEqual(new Set(TRIGGER_IDS));
});

describe('each belongs to a dimension and leads to a level', () => {
  test('in this order, the order in which they are told', () => {
    expect(DIMENSIONS).toEqual(['discovery', 'config', 'resilience', 'load']);
    expect(triggersOf('discovery')).toEqual([
      'discovery-evidence-old',
      'routing-outdated',
      'health-checks-failing',
      'instance-lost',
      'registry-unreachable',
    ]);
    expect(triggersOf('config')).toEqual([
      'version-skew',
      'propagation-slow',
      'override-in-force',
      'config-unreachable',
    ]);
    expect(triggersOf('resilience')).toEqual([
      'breaker-open',
      'breaker-trips',
      'backpressure-slow-down',
      'concurrency-high',
      'burn-rate-page',
      'failure-ratio-high',
      'failure-ratio-lasting',
      'backpressure-reject',
    ]);
    expect(triggersOf('load')).toEqual([
      'load-imbalance',
      'instance-out-of-rotation',
      'one-instance-left',
      'load-imbalance-severe',
    ]);
    expect(DIMENSIONS.flatMap(triggersOf)).toEqual(TRIGGER_IDS);
  });

  test('six of them to the floor', () => {
    expect(TRIGGER_IDS.filter((id) => TRIGGERS[id].level === 'floor')).toEqual([
      'registry-unreachable',
      'config-unreachable',
      'failure-ratio-high',
      'backpressure-reject',
      'one-instance-left',
      'load-imbalance-severe',
    ]);
    const levels = TRIGGER_IDS.map((id) => TRIGGERS[id].level);
    expect(levels.filter((level) => level === 'degraded').length).toBe(TRIGGER_IDS.length - 6);
  });
});

test.each(TRIGGER_IDS)('%s of a service of which nothing is observed is not observed', (id) => {
  expect(TRIGGERS[id].figure({})).toBeUndefined();
  const { dimension } = TRIGGERS[id];
  expect(TRIGGERS[id].figure({ [dimension]: {} })).toBeUndefined();
});

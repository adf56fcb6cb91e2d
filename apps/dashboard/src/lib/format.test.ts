import { describe, expect, test } from 'vitest';
import {
  formatActor,
  formatAge,
  formatCount,
  formatCountdown,
  formatKnob,
  formatMs,
  formatNs,
  formatNumber,
  formatPerSecond,
  formatRatio,
  formatUnit,
} from './format.ts';

/** No-break spaces as plain ones, so that the expectations can be read. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('durations', () => {
  test.each([
    [0, '0 ms'],
    [0.0005, '500 ns'],
    [0.42, '420 µs'],
    [0.9999, '1 ms'],
    [1.5, '1.5 ms'],
    [412.4, '412 ms'],
    [999.6, '1 s'],
    [1240, '1.24 s'],
    [59_960, '1 min'],
    [125_000, '2 min 5 s'],
    [5.2 * 3_600_000, '5 h 12 min'],
    [26 * 3_600_000, '1 d 2 h'],
    [-1.4, '-1.4 ms'],
  ])('%d ms reads %s', (ms, text) => {
    expect(plain(formatMs(ms))).toBe(text);
  });

  test('nanoseconds use the same words', () => {
    expect(plain(formatNs(3_200_000))).toBe('3.2 ms');
  });
});

test('what is not known is a dash, never a zero', () => {
  const texts = [formatMs, formatNs, formatNumber, formatRatio, formatPerSecond].map((f) =>
    f(null),
  );
  expect(new Set(texts)).toEqual(new Set(['–']));
  expect(formatKnob(null, 'replicas')).toBe('–');
});

describe('ratios', () => {
  test.each([
    [0, '0 %'],
    [0.0004, '0.04 %'],
    [0.031, '3.1 %'],
    [0.61, '61 %'],
    [1, '100 %'],
    [-0.2, '-20 %'],
    [-20.911, '-2091 %'],
  ])('%d reads %s', (ratio, text) => {
    expect(plain(formatRatio(ratio))).toBe(text);
  });
});

test('numbers keep three figures and group by thousands', () => {
  expect([0, 12.345, 412.3, 41_233, 1_234_567].map((n) => plain(formatNumber(n)))).toEqual([
    '0',
    '12.3',
    '412',
    '41 233',
    '1 234 567',
  ]);
});

test('units of the contract are written as people write them', () => {
  expect(plain(formatUnit(0.86, 'ratio'))).toBe('86 %');
  expect(plain(formatUnit(412, 'ms'))).toBe('412 ms');
  expect(plain(formatUnit(1, 'replicas'))).toBe('1 replica');
  expect(plain(formatUnit(4, 'replicas'))).toBe('4 replicas');
  expect(plain(formatUnit(0.94, '1'))).toBe('0.94');
});

test('weights name their instances', () => {
  expect(formatKnob({ 'checkout-1': 1, 'checkout-2': 0.1 }, 'weight')).toBe(
    'checkout-1 1, checkout-2 0.1',
  );
  expect(formatKnob({}, 'weight')).toBe('–');
});

test('ages are coarse and countdowns end at zero', () => {
  expect([400, 12_000, 200_000, 8_000_000, 200_000_000].map((ms) => plain(formatAge(ms)))).toEqual([
    'just now',
    '12 s ago',
    '3 min ago',
    '2 h ago',
    '2 d ago',
  ]);
  expect([249_000, 59_001, 0, -5000].map(formatCountdown)).toEqual([
    '4:09',
    '1:00',
    '0:00',
    '0:00',
  ]);
});

test('actors are called what people call them', () => {
  expect(['user:ada', 'controller:vm-1-9a1', 'policy:auto', 'cli'].map(formatActor)).toEqual([
    'ada',
    'controller',
    'policy (auto)',
    'cli',
  ]);
});

test('nouns follow their number', () => {
  expect([0, 1, 2].map((n) => formatCount(n, 'span'))).toEqual(['0 spans', '1 span', '2 spans']);
});

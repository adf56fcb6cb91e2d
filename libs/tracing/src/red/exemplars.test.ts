import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { spanIdOf, traceOf } from '../otlp/trace.fixture.ts';
import { ExemplarAggregator } from './exemplars.ts';

const [ONE, TWO, THREE] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [
  string,
  string,
  string,
];
const NOW_MS = 12_345;

function rig(limits = {}) {
  const strings = new Interner();
  const exemplars = new ExemplarAggregator(strings, limits);
  const kept = (traceId: string, end: number, about = {}) =>
    exemplars.record(traceOf(strings, [{ id: 'a', traceId, end, ...about }]), NOW_MS);
  return { exemplars, kept };
}

test('a series has its slowest kept span and one that failed', () => {
  const { exemplars, kept } = rig();
  kept(ONE, 5);
  kept(TWO, 50);
  kept(THREE, 20, { error: true });
  expect(exemplars.drain()).toEqual([
    {
      time: 10,
      service: 'shop',
      operation: 'work',
      kind: 'Internal',
      slowest: [50e6, TWO, spanIdOf('a')],
      failed: [THREE, spanIdOf('a')],
    },
  ]);
  expect(exemplars.drain()).toEqual([]);
});

test('services, operations and kinds are series of their own; a span of no time counts', () => {
  const { exemplars, kept } = rig();
  kept(ONE, 0);
  kept(TWO, 5, { service: 'till' });
  kept(TWO, 6, { name: 'pay' });
  kept(TWO, 7, { kind: 'server' });
  const rows = exemplars.drain();
  expect(rows.map(({ slowest }) => slowest[0])).toEqual([0, 5e6, 6e6, 7e6]);
});

test('series beyond the bound have none, and that is counted', () => {
  const { exemplars, kept } = rig({ maxSeries: 1 });
  kept(ONE, 5);
  kept(TWO, 5, { name: 'pay' });
  expect(exemplars.drain()).toHaveLength(1);
  expect(exemplars.overflowed).toBe(1);
});

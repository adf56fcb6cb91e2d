import type { ModeTransition } from '@flyball/contract';
import { expect, test } from 'vitest';
import { type ModeRun, segmentsOf } from './mode-segments.ts';

const S = 1000;
const run = (mode: ModeRun['mode'], from: number, to: number): ModeRun => ({
  mode,
  fromMs: from * S,
  toMs: to * S,
});
const shape = (runs: ModeRun[], to: number) =>
  segmentsOf(runs, [], { fromMs: 0, toMs: to * S }).map(
    ({ mode, fromMs, toMs }) => `${mode} ${fromMs / S}-${toMs / S}`,
  );

test('equal neighbours are one run, and a slow cycle is no gap', () => {
  expect(shape([run('target', 0, 10), run('target', 20, 30), run('degraded', 30, 40)], 40)).toEqual(
    ['target 0-30', 'degraded 30-40'],
  );
});

test('a long hole is told as no data, at the ends too', () => {
  expect(shape([run('target', 60, 70), run('target', 200, 210)], 300)).toEqual([
    'no-data 0-60',
    'target 60-70',
    'no-data 70-200',
    'target 200-210',
    'no-data 210-300',
  ]);
  expect(shape([], 100)).toEqual(['no-data 0-100']);
});

test('a segment names the transition that led to it', () => {
  const transition = { id: 't1', to: 'degraded', atMs: 28 * S } as ModeTransition;
  const range = { fromMs: 0, toMs: 60 * S };
  const runs = [run('target', 0, 30), run('degraded', 30, 60)];
  expect(segmentsOf(runs, [transition], range).map((one) => one.transitionId)).toEqual([
    null,
    't1',
  ]);
});

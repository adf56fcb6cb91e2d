import { expect, test } from 'vitest';
import { Draws } from '../../sim/random.ts';
import { backpressure } from './backpressure.ts';

/**
 *   receiver --(grants, `lag` s)--> senders --(calls, `lag` s)--> queue of 1,000 --> 100 a second
 *
 * Senders want about 300 a second; those that obey send what they have credits for. A step is a
 * second; a queue that rejects takes nothing.
 */
function run(scene: { readonly lag: number; readonly obey: boolean; readonly seconds: number }) {
  const draws = new Draws({ seed: 3 });
  const grants: number[] = [];
  const calls: number[] = [];
  const points: { queued: number; kind: string; drained: number; credits: number }[] = [];
  let state = backpressure.init({});
  let balance = 0;
  let outstanding = 0;
  let queued = 0;
  let lost = 0;
  for (let second = 0; second < scene.seconds; second += 1) {
    balance += grants[second - 1 - scene.lag] ?? 0;
    const wanted = 250 + draws.binomial(100, 0.5);
    const sent = scene.obey ? Math.min(wanted, balance) : wanted;
    balance -= sent;
    calls.push(sent);
    const arrived = calls[second - scene.lag] ?? 0;
    outstanding -= arrived;
    const drained = Math.min(queued, 100);
    queued -= drained;
    const room = state.phase.kind === 'rejecting' ? 0 : 1_000 - queued;
    lost += Math.max(0, arrived - room);
    queued += Math.min(arrived, room);
    const { output, ...next } = backpressure.step(state, {
      nowMs: 1_000_000 + second * 1_000,
      evidenceAgeMs: 0,
      queued,
      drainedPerSecond: drained,
      applied: Math.max(0, outstanding),
    });
    state = next.state;
    grants.push(output.grant);
    outstanding += output.grant;
    points.push({ queued, kind: state.phase.kind, drained, credits: output.value });
  }
  return { points, lost };
}

test.each([0, 1, 5])('senders that obey never overflow the queue, %i s away', (lag) => {
  const { points, lost } = run({ lag, obey: true, seconds: 600 });
  expect(lost).toBe(0);
  expect(points.some((point) => point.kind === 'rejecting')).toBe(false);
  // 1,000 credits for a way there and back of up to 10 s and a drain of 100 a second.
  const drained = points.slice(30).reduce((sum, point) => sum + point.drained, 0);
  expect(drained / 570).toBeGreaterThan(lag < 5 ? 99.9 : 80);
});

test('senders that obey are slowed down and let go in turns, without flapping', () => {
  const kinds = run({ lag: 0, obey: true, seconds: 600 }).points.map((point) => point.kind);
  expect(new Set(kinds)).toEqual(new Set(['accepting', 'pressuring']));
  const changes = kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length;
  expect(changes).toBeGreaterThan(10);
  // A turn drains 200 places at half of 100 a second.
  expect(changes).toBeLessThan(2 * (600 / 4));
});

test('senders that do not care are refused until the queue has drained, in turns', () => {
  const { points, lost } = run({ lag: 0, obey: false, seconds: 300 });
  expect(lost).toBeGreaterThan(10_000);
  expect(Math.max(...points.map((point) => point.queued))).toBe(1_000);
  const opened = points.filter(
    (point, index) => point.kind !== 'rejecting' && points[index - 1]?.kind === 'rejecting',
  );
  expect(opened.length).toBeGreaterThan(10);
  for (const point of opened) {
    expect(point.queued).toBeLessThan(600);
  }
});

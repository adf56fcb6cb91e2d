import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { faultLog, onCrash } from './faults.ts';

function recorder() {
  const lines: [object, string][] = [];
  const note = (object: object, text: string) => lines.push([object, text]);
  return { lines, log: { error: note, fatal: note } as never };
}

test('a bug that hits every trace fills no log', () => {
  const { lines, log } = recorder();
  let nowMs = 0;
  const fault = faultLog(log, () => nowMs);
  for (let trace = 0; trace < 100; trace += 1) fault(String(trace), new Error('of undefined'));
  expect(lines).toHaveLength(10);
  expect(lines[0]?.[0]).toMatchObject({ traceId: '0', err: { message: 'of undefined' } });
  nowMs = 60_000;
  fault('later', new Error('of undefined'));
  expect(lines).toHaveLength(11);
});

function crashing(end: () => void) {
  const { lines, log } = recorder();
  const emitter = new EventEmitter();
  const exits: string[] = [];
  onCrash(emitter, log, end, () => exits.push('at once'));
  const crash = (text: string) => emitter.emit('uncaughtException', new Error(text), 'origin');
  return { lines, exits, crash };
}

test('the first bug is told and ends the process in good order, a second one at once', () => {
  const ends: string[] = [];
  const { lines, exits, crash } = crashing(() => ends.push('in order'));
  crash('first');
  expect([ends, exits]).toEqual([['in order'], []]);
  expect(lines[0]?.[0]).toMatchObject({ err: { message: 'first' }, origin: 'origin' });
  crash('second');
  expect(exits).toEqual(['at once']);
  expect(lines[1]?.[0]).toMatchObject({ err: { message: 'second' } });
});

test('an end that fails is told too, and ends at once', () => {
  const { lines, exits, crash } = crashing(() => {
    throw new Error('the disk is gone');
  });
  crash('first');
  expect(exits).toEqual(['at once']);
  expect(lines.map(([, text]) => text)).toContain('the end failed');
});

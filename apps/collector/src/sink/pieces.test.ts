import { expect, test } from 'vitest';
import { piecesOf } from './pieces.ts';

const DAY_S = 86_400;
/** A time on one of 180 days, some after 2286. */
const timeOf = (id: number) => {
  const seconds = ((id * 7919) % 180) * 700 * DAY_S + (id % 1000);
  return `${String(seconds).padStart(10, '0')}.000000000`;
};

function linesOf(piece: Uint8Array): string[] {
  return Buffer.from(piece).toString().trimEnd().split('\n');
}

test.each([
  ['a trace', (time: string, id: number) => `{"Timestamp":"${time}","TraceId":"${id}"}`],
  [
    'a metric',
    (time: string, id: number) =>
      `{"ServiceName":"ü","Id":${id},"StartTimeUnix":"0000000001.0","TimeUnix":"${time}"}`,
  ],
])('no piece of %s has too many days, and no row is lost', (_, lineOf) => {
  const lines = Array.from({ length: 1000 }, (_, id) => lineOf(timeOf(id), id));
  const parts = [lines.slice(0, 300), lines.slice(300)].map((some) =>
    Buffer.from(`${some.join('\n')}\n`),
  );
  const pieces = piecesOf(parts);
  expect(pieces).toHaveLength(8);
  for (const piece of pieces) {
    const days = linesOf(piece).map((line) => {
      const [, seconds] = /"(?:Timestamp|TimeUnix)":"(\d+)/.exec(line) ?? [];
      return Math.floor(Number(seconds) / DAY_S);
    });
    expect(new Set(days).size).toBeLessThanOrEqual(25);
  }
  expect(pieces.flatMap(linesOf).sort()).toEqual([...lines].sort());
  expect(piecesOf(parts)).toEqual(pieces);
});

test('nothing is no piece', () => {
  expect(piecesOf([])).toEqual([]);
});

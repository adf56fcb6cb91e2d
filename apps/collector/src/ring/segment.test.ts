import { expect, test } from 'vitest';
import { filterOf, mayTouch, readSegment, SegmentWriter } from './segment.ts';

const NOBODY = { low: 0, high: 0 };

function segment(...spans: string[]): Buffer {
  const writer = new SegmentWriter(1000);
  for (const [at, text] of spans.entries()) {
    expect(writer.add(Buffer.from(text), filterOf(text), 5000 + at)).toBe(true);
  }
  return Buffer.from(writer.finish());
}

test('reads back what was written, in order, with its times', () => {
  const traces = readSegment(segment('one', 'two', ''));
  expect(traces?.map(({ decidedMs, spans }) => [decidedMs, String(spans)])).toEqual([
    [5000, 'one'],
    [5001, 'two'],
    [5002, ''],
  ]);
  expect(traces?.[1]?.services).toEqual(filterOf('two'));
});

test('takes no more than its size, and is empty again when cleared', () => {
  const writer = new SegmentWriter(100);
  expect(writer.add(Buffer.alloc(40), NOBODY, 1)).toBe(true);
  expect(writer.add(Buffer.alloc(40), NOBODY, 2)).toBe(false);
  writer.clear();
  expect(writer.empty).toBe(true);
  expect(writer.add(Buffer.alloc(40), NOBODY, 3)).toBe(true);
  expect(writer.times).toEqual({ fromMs: 3, toMs: 3 });
});

test('damage of any byte is noticed', () => {
  const good = segment('some trace');
  for (let at = 0; at < good.length; at += 1) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] as number) ^ 0x10;
    expect(readSegment(bad)).toBeUndefined();
  }
  for (let length = 0; length < good.length; length += 1) {
    expect(readSegment(good.subarray(0, length))).toBeUndefined();
  }
});

test('the filter never denies a service that is there', () => {
  const names = Array.from({ length: 200 }, (_, at) => `service-${at}`);
  const [low, high] = names.slice(0, 5).reduce(
    ([l, h], name) => {
      const { low, high } = filterOf(name);
      return [(l | low) >>> 0, (h | high) >>> 0] as const;
    },
    [0, 0] as readonly [number, number],
  );
  const touched = names.filter((name) => mayTouch({ low, high }, filterOf(name)));
  expect(touched).toEqual(expect.arrayContaining(names.slice(0, 5)));
  expect(touched.length).toBeLessThan(60);
});

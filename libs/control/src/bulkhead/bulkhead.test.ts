import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain } from '../explain.ts';
import { type BulkheadConfig, type BulkheadOutput, bulkhead, bulkheadFigures } from './bulkhead.ts';

const T = 1_000_000;

class Bench {
  state;
  nowMs = T;

  constructor(config: BulkheadConfig = { maxConcurrent: 2, maxQueue: 3 }) {
    this.state = bulkhead.init(config);
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  enter(): BulkheadOutput {
    return this.send({ kind: 'enter' });
  }

  leave(ticket: number): BulkheadOutput {
    return this.send({ kind: 'leave', ticket });
  }

  tick(): BulkheadOutput {
    return this.send({ kind: 'tick' });
  }

  private send(input: { kind: 'enter' | 'tick' } | { kind: 'leave'; ticket: number }) {
    const { state, output } = bulkhead.step(this.state, { ...input, nowMs: this.nowMs });
    this.state = state;
    return output;
  }
}

const fill = (bench: Bench, calls: number) => Array.from({ length: calls }, () => bench.enter());

test('two run, three wait, the sixth is refused', () => {
  const outputs = fill(new Bench(), 6);
  expect(outputs.map((each) => each.place)).toEqual([
    'running',
    'running',
    'queued',
    'queued',
    'queued',
    null,
  ]);
  expect(outputs.map((each) => each.ticket)).toEqual([1, 2, 3, 4, 5, null]);
  expect(outputs[1]).toEqual({
    value: true,
    reason: 'bulkhead-entered',
    terms: { running: 2, maxConcurrent: 2, queued: 0, maxQueue: 3 },
    waitMs: 0,
    ticket: 2,
    place: 'running',
    started: [],
    timedOut: [],
  });
  expect(outputs[4]?.reason).toBe('bulkhead-queued');
  expect(outputs[5]).toMatchObject({ value: false, reason: 'bulkhead-full', waitMs: null });
  expect(explain(outputs[5]!)).toBe('All places are taken, 2 of 2, and the queue is full.');
});

test('who leaves makes room for the oldest in the queue', () => {
  const bench = new Bench();
  fill(bench, 5);
  expect(bench.leave(2)).toMatchObject({
    value: true,
    reason: 'bulkhead-left',
    started: [3],
    terms: { running: 2, queued: 2 },
  });
  expect(bench.leave(3).started).toEqual([4]);
  expect(bench.leave(1).started).toEqual([5]);
  expect(bench.leave(4)).toMatchObject({ started: [], terms: { running: 1, queued: 0 } });
});

test('leaving twice frees one place', () => {
  const bench = new Bench();
  fill(bench, 4);
  bench.leave(1);
  expect(bench.leave(1)).toMatchObject({ value: false, reason: 'bulkhead-unknown', started: [] });
  expect(bench.state.running.chunks.flat().map((call) => call.ticket)).toEqual([2, 3]);
});

test('a call that gives up while queued leaves its place in the queue', () => {
  const bench = new Bench();
  fill(bench, 5);
  expect(bench.leave(4)).toMatchObject({ value: true, started: [], terms: { queued: 2 } });
  expect(bench.enter()).toMatchObject({ place: 'queued', ticket: 6 });
  bench.leave(1);
  expect(bench.leave(2).started).toEqual([5]);
  expect(bench.state.running.chunks.flat().map((call) => call.ticket)).toEqual([3, 5]);
});

test('the queue gives up after exactly a second, the oldest first', () => {
  const bench = new Bench();
  fill(bench, 3);
  bench.wait(400).enter();
  expect(bench.wait(599).tick()).toMatchObject({ reason: 'bulkhead-state', timedOut: [] });
  expect(bench.wait(1).tick().timedOut).toEqual([3]);
  expect(bench.wait(399).tick().timedOut).toEqual([]);
  expect(bench.wait(1).enter()).toMatchObject({ timedOut: [4], place: 'queued' });
  expect(bench.leave(3).reason).toBe('bulkhead-unknown');
  expect(bulkheadFigures(bench.state)).toMatchObject({ timedOut: 2, queueDepth: 1 });
});

test('a waiting call whose time is over does not start when a place is free at last', () => {
  const bench = new Bench();
  fill(bench, 4);
  expect(bench.wait(1_000).leave(1)).toMatchObject({ started: [], timedOut: [3, 4] });
});

test('nobody overtakes the queue', () => {
  const bench = new Bench({ maxConcurrent: 1, maxQueue: 5 });
  fill(bench, 2);
  bench.leave(1);
  expect(bench.enter()).toMatchObject({ place: 'queued', ticket: 3 });
  expect(bench.leave(2).started).toEqual([3]);
});

test('without a queue nobody waits', () => {
  const bench = new Bench({ maxConcurrent: 1, maxQueue: 0 });
  expect(fill(bench, 2).map((each) => each.value)).toEqual([true, false]);
  expect(bulkheadFigures(bench.state).queueUse).toBeNull();
});

test('a place whose call never came back is free again after its time, if so configured', () => {
  const bench = new Bench({ maxConcurrent: 1, maxQueue: 2, holdTimeoutMs: 5_000 });
  bench.enter();
  bench.wait(4_500).enter();
  expect(bench.wait(499).tick().started).toEqual([]);
  expect(bench.wait(1).tick()).toMatchObject({ started: [2], timedOut: [] });
  expect(bulkheadFigures(bench.state).lost).toBe(1);
  expect(bench.leave(1).reason).toBe('bulkhead-unknown');
  // The time of the second begins when it starts, not when it came.
  expect(bench.wait(4_999).tick().terms.running).toBe(1);
  expect(bench.wait(1).tick().terms.running).toBe(0);

  const patient = new Bench({ maxConcurrent: 1, maxQueue: 0 });
  patient.enter();
  expect(patient.wait(10 ** 9).tick().terms.running).toBe(1);
});

test('figures for the evidence', () => {
  const bench = new Bench({ maxConcurrent: 4, maxQueue: 8 });
  fill(bench, 14);
  expect(bulkheadFigures(bench.state)).toEqual({
    entered: 12,
    rejected: 2,
    timedOut: 0,
    lost: 0,
    utilization: 1,
    queueDepth: 8,
    queueUse: 1,
  });
  bench.leave(1);
  bench.leave(5);
  expect(bulkheadFigures(bench.state)).toMatchObject({ utilization: 1, queueUse: 0.75 });
});

describe('a retune', () => {
  test('with fewer places lets those who run finish', () => {
    const bench = new Bench({ maxConcurrent: 3, maxQueue: 3 });
    fill(bench, 4);
    bench.state = bulkhead.retune(bench.state, { maxConcurrent: 1, maxQueue: 3 });
    expect(bulkheadFigures(bench.state).utilization).toBe(3);
    expect(bench.leave(1).started).toEqual([]);
    expect(bench.leave(2).started).toEqual([]);
    expect(bench.leave(3).started).toEqual([4]);
  });

  test('with more places starts those who wait', () => {
    const bench = new Bench({ maxConcurrent: 1, maxQueue: 5 });
    fill(bench, 4);
    bench.state = bulkhead.retune(bench.state, { maxConcurrent: 3, maxQueue: 5 });
    expect(bench.tick().started).toEqual([2, 3]);
  });
});

test('when the clock goes back, waits count from now', () => {
  const bench = new Bench({ maxConcurrent: 1, maxQueue: 2, holdTimeoutMs: 5_000 });
  fill(bench, 2);
  bench.wait(-3_600_000).tick();
  expect(bench.wait(999).tick().timedOut).toEqual([]);
  expect(bench.wait(1).tick().timedOut).toEqual([2]);
  expect(bench.wait(3_999).tick().terms.running).toBe(1);
  expect(bench.wait(1).tick().terms.running).toBe(0);
});

describe('configuration', () => {
  test('defaults', () => {
    expect(bulkhead.init({}).config).toEqual({
      maxConcurrent: 10,
      maxQueue: 100,
      queueTimeoutMs: 1_000,
      holdTimeoutMs: null,
    });
  });

  test.each([
    [{ maxConcurrent: 0 }, 'maxConcurrent'],
    [{ maxConcurrent: 1_025 }, 'maxConcurrent'],
    [{ maxConcurrent: 1.5 }, 'maxConcurrent'],
    [{ maxQueue: -1 }, 'maxQueue'],
    [{ maxQueue: 4_097 }, 'maxQueue'],
    [{ queueTimeoutMs: 0 }, 'queueTimeoutMs'],
    [{ holdTimeoutMs: 0 }, 'holdTimeoutMs'],
  ])('refuses %j', (config, field) => {
    expect(() => bulkhead.init(config)).toThrow(new RegExp(`^${field} is `));
  });

  test('accepts the bounds', () => {
    const config = { maxConcurrent: 1_024, maxQueue: 4_096 };
    expect(bulkhead.init(config).config).toMatchObject(config);
  });
});

interface Waiting {
  readonly ticket: number;
  readonly atMs: number;
}

test('does what plain lists do: never too many, first come first served', () => {
  const steps = fc.array(
    fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 700 })),
      act: fc.constantFrom('enter' as const, 'enter' as const, 'leave' as const),
      which: fc.nat({ max: 100 }),
    }),
    { maxLength: 150, size: 'max' },
  );
  const sizes = fc.record({
    maxConcurrent: fc.integer({ min: 1, max: 6 }),
    maxQueue: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(sizes, steps, (config, sequence) => {
      const bench = new Bench(config);
      let running: number[] = [];
      let queue: Waiting[] = [];
      let next = 1;
      for (const { gapMs, act, which } of sequence) {
        bench.wait(gapMs);
        const late = queue.filter(({ atMs }) => bench.nowMs - atMs >= 1_000);
        queue = queue.filter((each) => !late.includes(each));
        const begun: number[] = [];
        const fillUp = () => {
          while (running.length < config.maxConcurrent && queue.length > 0) {
            const { ticket } = queue.shift() as Waiting;
            running.push(ticket);
            begun.push(ticket);
          }
        };
        let output: BulkheadOutput;
        if (act === 'enter') {
          output = bench.enter();
          const place =
            running.length < config.maxConcurrent
              ? 'running'
              : queue.length < config.maxQueue
                ? 'queued'
                : null;
          expect(output.place).toBe(place);
          if (place === 'running') running.push(next);
          if (place === 'queued') queue.push({ ticket: next, atMs: bench.nowMs });
          next += place === null ? 0 : 1;
        } else {
          const known = [...running, ...queue.map((each) => each.ticket)];
          const ticket = known[which % (known.length + 1)] ?? next;
          output = bench.leave(ticket);
          expect(output.value).toBe(known.includes(ticket));
          running = running.filter((each) => each !== ticket);
          queue = queue.filter((each) => each.ticket !== ticket);
          fillUp();
        }
        expect(output.started).toEqual(begun);
        expect(output.timedOut).toEqual(late.map((each) => each.ticket));
        expect(bench.state.running.chunks.flat().map((each) => each.ticket)).toEqual(running);
        expect(bench.state.queue.chunks.flat()).toEqual(queue);
      }
    }),
  );
});

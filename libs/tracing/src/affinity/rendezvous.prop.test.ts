import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SpanTable } from '../otlp/span-table.ts';
import { Rendezvous } from './rendezvous.ts';

const words = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), {
  minLength: 4,
  maxLength: 4,
});
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 8,
});

/** A table whose second span is of the trace with this id. */
function tableOf(id: readonly number[]): SpanTable {
  const table = new SpanTable();
  table.push();
  table.rows.set(id, table.push());
  return table;
}

function ownerName(ring: Rendezvous, id: readonly number[]): string | undefined {
  return ring.members[ring.ownerOf(tableOf(id), 1)];
}

test('everybody names the same owner, in whatever order they learn of the members', () => {
  fc.assert(
    fc.property(names, words, (members, id) => {
      const owner = ownerName(new Rendezvous(members), id);
      expect(members).toContain(owner);
      expect(ownerName(new Rendezvous([...members].reverse()), id)).toBe(owner);
    }),
  );
});

test('a member that leaves moves its own traces only', () => {
  fc.assert(
    fc.property(names, words, fc.nat(), (members, id, at) => {
      fc.pre(members.length > 1);
      const leaver = members[at % members.length] as string;
      const before = ownerName(new Rendezvous(members), id);
      const after = ownerName(new Rendezvous(members.filter((one) => one !== leaver)), id);
      if (before !== leaver) expect(after).toBe(before);
      else expect(after).not.toBe(leaver);
    }),
  );
});

test('without members there is no owner', () => {
  expect(new Rendezvous([]).ownerOf(tableOf([1, 2, 3, 4]), 1)).toBe(-1);
});

/** Trace ids as careless senders make them: counted up, in one word or spread over all. */
const COUNTED: Record<string, (trace: number) => readonly number[]> = {
  'the last word': (trace) => [0, 0, 0, trace],
  'the first word': (trace) => [trace, 1, 1, 1],
  'all words alike': (trace) => [trace, trace, trace, trace],
  'half the id': (trace) => [0, 0, Math.imul(trace, 0x9e3779b1), trace],
};

for (const [where, idOf] of Object.entries(COUNTED)) {
  test(`members get even shares of ids that count up in ${where}`, () => {
    const members = ['http://10.0.0.1:4318', 'http://10.0.0.2:4318', 'http://10.0.0.3:4318'];
    const ring = new Rendezvous([...members, 'worker-0', 'worker-1']);
    const traces = 50_000;
    const counts = new Array<number>(5).fill(0);
    for (let trace = 1; trace <= traces; trace += 1) {
      counts[ring.ownerOf(tableOf(idOf(trace)), 1)]! += 1;
    }
    // Chi-square with 4 degrees of freedom: above 23.5 in one of 10,000 fair draws.
    const even = traces / 5;
    const chi = counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0);
    expect(chi).toBeLessThan(23.5);
  });
}

test('collectors and their workers divide traces independently of each other', () => {
  const collectors = new Rendezvous(['a', 'b']);
  const workers = new Rendezvous(['worker-0', 'worker-1']);
  const counts = [0, 0, 0, 0];
  for (let trace = 1; trace <= 40_000; trace += 1) {
    const id = tableOf([trace, 0, 0, Math.imul(trace, 0x9e3779b1)]);
    counts[2 * collectors.ownerOf(id, 1) + workers.ownerOf(id, 1)]! += 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});

import { Interner, SpanTable, scan, type TraceView } from '@flyball/tracing';
import { expect, test } from 'vitest';
import { Affinity } from './affinity.ts';
import { FORWARDER_DEFAULTS, Forwarder } from './forwarder.ts';
import { FakeLink } from './link.fake.ts';
import { spanRequest } from './request.fixture.ts';

const strings = new Interner();
const idOf = (trace: number) => trace.toString(16).padStart(32, '0');
const traces = (count: number) => Array.from({ length: count }, (_, at) => idOf(at + 1));

function scanned(bytes: Uint8Array): SpanTable {
  const result = scan(bytes, strings, new SpanTable());
  if (!result.ok) throw new Error(result.fault.message);
  return result.table;
}

function idsOf(table: SpanTable): string[] {
  return Array.from({ length: table.count }, (_, span) => table.traceId(span));
}

/** A member's view: its own name, and a fake way to each of the others. */
function member(self: string, others: readonly string[], options = FORWARDER_DEFAULTS) {
  const clock = { nowMs: 0 };
  const counts = { forwarded: 0, keptHere: 0, split: 0 };
  const events = {
    forwarded: (_: string, spans: number) => {
      counts.forwarded += spans;
    },
    keptHere: (spans: number) => {
      counts.keptHere += spans;
    },
    split: () => {
      counts.split += 1;
    },
  };
  const affinity = new Affinity(events, () => clock.nowMs);
  const links = new Map<string, FakeLink>();
  const forwarders: Forwarder[] = [];
  const wayTo = (name: string) => {
    const link = new FakeLink();
    links.set(name, link);
    const nothing = { returned() {}, unsure() {}, failed() {}, away() {}, back() {} };
    const forwarder = new Forwarder(link, options, nothing, () => clock.nowMs);
    forwarders.push(forwarder);
    return forwarder;
  };
  const ways = (names: readonly string[]) =>
    new Map(names.map((name) => [name, wayTo(name)] as const));
  affinity.setCollectors({ self, others: ways(others) });
  const viewOf = (id: string, firstSeenMs: number) =>
    ({ spans: scanned(spanRequest([id])), firstSeenMs }) as TraceView;
  return { affinity, clock, counts, forwarders, links, ways, viewOf };
}

async function arrivals(forwarders: Iterable<Forwarder>, link: FakeLink): Promise<string[]> {
  for (const forwarder of forwarders) forwarder.tick(true);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  return link.taken.flatMap((batch) => idsOf(scanned(batch)));
}

test('every span reaches the one collector that all agree on', async () => {
  const names = ['a', 'b', 'c'];
  const owners = new Map<string, Set<string>>();
  const note = (id: string, owner: string) =>
    owners.set(id, (owners.get(id) ?? new Set()).add(owner));
  for (const self of names) {
    const { affinity, forwarders, links } = member(
      self,
      names.filter((name) => name !== self),
    );
    const table = scanned(spanRequest(traces(300)));
    expect(affinity.place(table, 'sender')).toBeUndefined();
    for (const id of idsOf(table)) note(id, self);
    for (const [name, link] of links) {
      for (const id of await arrivals(forwarders, link)) note(id, name);
    }
  }
  expect(owners.size).toBe(300);
  expect([...owners.values()].every((set) => set.size === 1)).toBe(true);
});

test('a collector alone, without workers, does nothing', () => {
  const { affinity } = member('a', []);
  const table = scanned(spanRequest(traces(50)));
  expect(affinity.place(table, 'sender')).toBeUndefined();
  expect(table.count).toBe(50);
});

test('what another collector sent is divided among the workers and never sent on', () => {
  const { affinity, ways, counts } = member('a', ['b']);
  const others = ways(['worker-1']);
  affinity.setWorkers({ self: 'worker-0', others });
  const table = scanned(spanRequest(traces(100)));
  expect(affinity.place(table, 'collector')).toBeUndefined();
  expect(counts.forwarded).toBeGreaterThan(0);
  expect(table.count + counts.forwarded).toBe(100);
  expect(others.get('worker-1')?.bytes).toBeGreaterThan(0);
  const mine = scanned(spanRequest(traces(100)));
  expect(affinity.place(mine, 'worker')).toBeUndefined();
  expect(mine.count).toBe(100);
});

test('a full queue refuses the whole request, and nothing of it is sent', () => {
  const narrow = { ...FORWARDER_DEFAULTS, maxBytes: 4096, lingerMs: 1e9 };
  const { affinity, counts } = member('a', ['b'], narrow);
  expect(affinity.place(scanned(spanRequest(traces(50))), 'sender')).toBeUndefined();
  expect(counts.forwarded).toBeGreaterThan(0);
  const forwarded = counts.forwarded;
  const table = scanned(spanRequest(traces(200)));
  expect(affinity.place(table, 'sender')?.kind).toBe('busy');
  expect([table.count, counts.forwarded]).toEqual([200, forwarded]);
});

test('a trace is split when another collector owned it at any time while it waited', () => {
  const { affinity, clock, counts, ways, viewOf } = member('a', []);
  const change = (nowMs: number, others: readonly string[]) => {
    clock.nowMs = nowMs;
    affinity.setCollectors({ self: 'a', others: ways(others) });
  };
  const ids = traces(200);
  const splitOf = (firstSeenMs: number) => {
    counts.split = 0;
    for (const id of ids) affinity.decided(viewOf(id, firstSeenMs));
    return counts.split;
  };
  expect(splitOf(0)).toBe(0);
  change(1000, ['b']);
  const moved = splitOf(500);
  expect(moved).toBeGreaterThan(60);
  expect(moved).toBeLessThan(140);
  change(2000, []);
  expect(splitOf(1500)).toBe(moved);
  expect(splitOf(2500)).toBe(0);
});

test('members out of reach still own their traces: what is decided of them is split', () => {
  const { affinity, counts, viewOf } = member('a', []);
  affinity.setCollectors({ self: 'a', others: new Map([['b', undefined]]) });
  const table = scanned(spanRequest(traces(200)));
  expect(affinity.place(table, 'sender')).toBeUndefined();
  expect([table.count, counts.forwarded]).toEqual([200, 0]);
  for (const id of traces(200)) affinity.decided(viewOf(id, 0));
  expect(counts.split).toBeGreaterThan(60);
  expect(counts.split).toBeLessThan(140);
});

import { describe, expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { META, META_DUPLICATE, META_LATE, META_UNHELD, WORDS } from '../otlp/span-table.ts';
import { type SpanSketch, tableOf, traceOf } from '../otlp/trace.fixture.ts';
import { QualityAggregator, type QualityRow } from './quality.ts';

/** Fixtures begin here. */
const START_MS = 1_700_000_000_000;

function rig(limits = {}) {
  const strings = new Interner();
  const quality = new QualityAggregator(strings, limits);
  const trace = (spans: SpanSketch[], firstSeenMs = START_MS) => {
    const view = traceOf(strings, spans);
    view.firstSeenMs = firstSeenMs;
    return view;
  };
  const decided = (spans: SpanSketch[], firstSeenMs = START_MS) => {
    quality.recordTrace(trace(spans, firstSeenMs), firstSeenMs);
    return byService(quality.drain());
  };
  return { strings, quality, trace, decided };
}

function byService(rows: readonly QualityRow[]): Record<string, Partial<QualityRow>> {
  return Object.fromEntries(
    rows.map(({ time, service, ...counts }) => {
      const found = Object.entries(counts).filter(([, value]) => value !== 0);
      return [service, Object.fromEntries(found)];
    }),
  );
}

const CLIENT: SpanSketch = {
  id: 'c',
  service: 'gateway',
  host: 'one',
  kind: 'client',
  start: 100,
  end: 200,
};
const SERVER: SpanSketch = {
  id: 's',
  parent: 'c',
  service: 'shop',
  host: 'two',
  kind: 'server',
  start: 110,
  end: 190,
};

describe('of a decided trace', () => {
  test('nothing is said against one that is whole and in order', () => {
    expect(rig().decided([CLIENT, SERVER])).toEqual({
      gateway: { spans: 1, traces: 1 },
      shop: { spans: 1 },
    });
  });

  test('a root and a parent that never came', () => {
    expect(rig().decided([SERVER])).toEqual({
      shop: { spans: 1, traces: 1, missing_roots: 1, missing_parents: 1 },
    });
    expect(rig().decided([CLIENT, { ...SERVER, parent: 'lost' }])).toEqual({
      gateway: { spans: 1, traces: 1 },
      shop: { spans: 1, missing_parents: 1 },
    });
  });

  test('a child that begins before its parent, by more than a network explains', () => {
    const { decided } = rig();
    expect(decided([CLIENT, { ...SERVER, start: 92 }]).shop).toEqual({ spans: 1 });
    expect(decided([CLIENT, { ...SERVER, start: 60 }]).shop).toEqual({
      spans: 1,
      skewed: 1,
      skew_max_ns: 40e6,
    });
  });

  test('an answer that is sent after it was received, unless the client had given up', () => {
    const { decided } = rig();
    expect(decided([CLIENT, { ...SERVER, end: 250 }]).shop).toMatchObject({ skew_max_ns: 50e6 });
    expect(
      decided([
        { ...CLIENT, error: true },
        { ...SERVER, end: 250 },
      ]).shop,
    ).toEqual({
      spans: 1,
    });
    const consumer: SpanSketch = { ...SERVER, kind: 'consumer', end: 900 };
    expect(decided([CLIENT, consumer]).shop).toEqual({ spans: 1 });
  });

  test('one process has one clock: what lies outside there is no skew', () => {
    const { decided } = rig();
    const inner = { ...SERVER, service: 'gateway', host: 'one', start: 0 };
    expect(decided([CLIENT, inner])).toEqual({ gateway: { spans: 2, traces: 1 } });
  });

  test('spans that end before they begin, and times that cannot be', () => {
    const { decided } = rig();
    expect(decided([{ ...CLIENT, end: 50 }]).gateway).toMatchObject({ negative: 1 });
    expect(decided([CLIENT], START_MS - 60_000).gateway).toMatchObject({ future: 1 });
    expect(decided([CLIENT], START_MS + 4_000_000).gateway).toMatchObject({ past: 1 });
    expect(decided([CLIENT], START_MS + 600_000).gateway).toEqual({ spans: 1, traces: 1 });
  });
});

test('what arrives twice, late or not at all is counted where it arrives', () => {
  const { strings, quality } = rig();
  const table = tableOf(strings, [CLIENT, SERVER, { ...SERVER, id: 't' }]);
  table.rows[META] = table.word(0, META) | META_UNHELD;
  table.rows[WORDS + META] = table.word(1, META) | META_DUPLICATE;
  table.rows[2 * WORDS + META] = table.word(2, META) | META_LATE;
  quality.recordArrivals(table, START_MS);
  quality.recordRejected(new Map([[table.service(0), 4]]), START_MS);
  expect(byService(quality.drain())).toEqual({
    gateway: { rejected: 4, spans: 1 },
    shop: { duplicates: 1, late: 1, spans: 1 },
  });
});

test('late spans that come out of the window were counted before', () => {
  const { quality, trace } = rig();
  const late = trace([SERVER]);
  late.trigger = 'late';
  quality.recordTrace(late, START_MS);
  expect(quality.drain()).toEqual([]);
});

test('services beyond the bound count together', () => {
  const { quality, trace } = rig({ maxServices: 2 });
  for (const service of ['a', 'b', 'c', 'd']) {
    quality.recordTrace(trace([{ id: 'x', service }]), START_MS);
  }
  expect(byService(quality.drain())).toEqual({
    a: { spans: 1, traces: 1 },
    b: { spans: 1, traces: 1 },
    __overflow__: { spans: 2, traces: 2 },
  });
  expect(quality.overflowed).toBeGreaterThan(0);
});

import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { traceOf } from '../otlp/trace.fixture.ts';
import type { Trigger } from '../window/config.ts';
import type { Decision } from './decision.ts';
import { SamplingLedger } from './ledger.ts';

const strings = new Interner();
const [ONE, TWO, THREE] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [
  string,
  string,
  string,
];

function decision(keep: boolean, rule = 'rest', probability = 0.25): Decision {
  return { keep, probability, threshold: 0n, reason: 'rest', rule };
}

function trace(traceId: string, trigger: Trigger = 'root') {
  const view = traceOf(strings, [
    { id: 'a', traceId },
    { id: 'b', parent: 'a', traceId },
  ]);
  view.trigger = trigger;
  view.bytes = 100;
  return view;
}

test('counts what was decided, drops included, with an example of each', () => {
  const ledger = new SamplingLedger();
  ledger.record(trace(ONE), decision(true), 12_345);
  ledger.record(trace(TWO), decision(false), 12_345);
  ledger.record(trace(THREE), decision(false), 12_345);
  expect(ledger.drain()).toEqual([
    {
      time: 10,
      policy: 'rest',
      reason: 'rest',
      trigger: 'root',
      seen: 3,
      kept: 1,
      bytes: 300,
      spans: 6,
      spans_kept: 2,
      probability_sum: 1.5,
      example_kept: ONE,
      example_dropped: TWO,
    },
  ]);
  expect(ledger.drain()).toEqual([]);
});

test('triggers are told apart; late spans are spans, but no further trace', () => {
  const ledger = new SamplingLedger();
  ledger.record(trace(ONE), decision(true), 12_345);
  ledger.record(trace(ONE, 'late'), decision(true), 12_345);
  ledger.record(trace(TWO, 'evicted'), decision(true), 12_345);
  const rows = ledger.drain();
  expect(rows.map(({ trigger, seen, spans }) => [trigger, seen, spans])).toEqual([
    ['root', 1, 2],
    ['late', 0, 2],
    ['evicted', 1, 2],
  ]);
});

test('spans that nobody waited for are counted too', () => {
  const ledger = new SamplingLedger();
  const lost = { keep: false, probability: 0, rule: '', reason: 'late' } as const;
  const about = { trigger: 'late', traces: 0, spans: 3, bytes: 90, example: TWO } as const;
  ledger.recordSpans({ decision: lost, ...about }, 12_345);
  ledger.recordSpans({ decision: lost, ...about, spans: 0 }, 12_345);
  expect(ledger.drain()).toMatchObject([
    { reason: 'late', seen: 0, kept: 0, spans: 3, spans_kept: 0, example_dropped: TWO },
  ]);
});

test('traces that come back are kept, but were seen before', () => {
  const ledger = new SamplingLedger();
  const decision = {
    keep: true,
    probability: 0,
    rule: 'mode degraded',
    reason: 'promoted',
  } as const;
  const about = { trigger: 'look_back', traces: 1, spans: 3, bytes: 90, example: TWO } as const;
  ledger.recordSpans({ decision, ...about }, 12_345);
  expect(ledger.drain()).toMatchObject([
    { seen: 0, kept: 1, spans: 0, spans_kept: 3, bytes: 0, example_kept: TWO },
  ]);
});

test('each ten seconds have their own rows', () => {
  const ledger = new SamplingLedger();
  ledger.record(trace(ONE), decision(true), 19_999);
  ledger.record(trace(TWO), decision(true), 20_000);
  expect(ledger.drain().map(({ time, seen }) => [time, seen])).toEqual([
    [10, 1],
    [20, 1],
  ]);
});

test('rules beyond the bound count together, and exactly', () => {
  const ledger = new SamplingLedger({ maxRows: 2 });
  for (let rule = 0; rule < 10; rule += 1) {
    ledger.record(trace(ONE), decision(true, `rule ${rule}`), 12_345);
  }
  const rows = ledger.drain();
  expect(rows.map(({ policy, seen }) => [policy, seen])).toEqual([
    ['rule 0', 1],
    ['rule 1', 1],
    ['__overflow__', 8],
  ]);
  expect(ledger.overflowed).toBe(8);
});

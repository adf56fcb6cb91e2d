import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUICK, type Stack, startStack } from '../conformance/otlp-harness.ts';
import { type LoadOptions, startLoad } from '../support/load/load.ts';
import { until } from '../support/until.ts';

/**
 * Ten times more than the window can hold: totals stay exact, answers quick, and afterwards all is
 * as before. With FLYBALL_LONG=1 it lasts a minute.
 *
 * The machine's speed must not matter, so capacity is set by the window: 4000 spans that wait two
 * seconds each are 2000 spans/s.
 */
const LONG = process.env.FLYBALL_LONG === '1';
const CAPACITY = 2000;
const OVERLOAD_MS = LONG ? 60_000 : 15_000;
const CALM_MS = 4000;
const RECOVERED_WITHIN_MS = 10_000;
/** Whole traces are waited for again after ten seconds in which they would have fitted. */
const CALM_WITHIN_MS = 15_000;
/** So small that the few requests of a second do not look like another storm, though they clump. */
const AFTER_RATE = CAPACITY / 4;

const CONFIG = `${QUICK.replace('delay: 100ms', 'delay: 2s').replace(
  'timeout: 1s',
  `timeout: 5s, maxSpans: ${2 * CAPACITY}`,
)}sampling: { rules: [{ name: some, keep: 20% }] }
`;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: CONFIG });
});

afterAll(() => stack?.stop());

function loadAt(rate: number, durationMs: number, more: Partial<LoadOptions> = {}) {
  const target = `http://127.0.0.1:${stack.collector.grpcPort}`;
  return startLoad({ target, protocol: 'grpc', rate, durationMs, maxAttempts: 100, ...more });
}

const metric = (name: string) => stack.collector.metric(`flyball_collector_${name}`);

/**
 * `variance` is that of `adjusted` (Horvitz and Thompson): each kept trace of n spans with weight w
 * adds n² w (w - 1).
 */
const SUMS = `SELECT
  (SELECT sum(count) FROM flyball_red WHERE service != 'flyball-collector') AS red,
  sum(weight) AS adjusted, sum(spans) AS rows, sum(weight * (weight - spans)) AS variance
  FROM (SELECT count() AS spans, sum(toFloat64(SpanAttributes['SampleRate'])) AS weight
    FROM otel_traces WHERE ServiceName != 'flyball-collector' GROUP BY TraceId)`;

type Sums = Record<'red' | 'adjusted' | 'rows' | 'variance', number>;

async function sums(accepted: number): Promise<Sums> {
  const [row] = await stack.rows<Record<keyof Sums, string | number>>(
    SUMS,
    ([found]) => Number(found?.red) >= accepted,
    30_000,
  );
  return {
    red: Number(row?.red),
    adjusted: Number(row?.adjusted),
    rows: Number(row?.rows),
    variance: Number(row?.variance),
  };
}

test(`ten times its capacity for ${OVERLOAD_MS / 1000} s`, async () => {
  const calm = await loadAt(CAPACITY / 2, CALM_MS).done;
  expect(await metric('overload_one_in')).toBe(1);

  const storm = await loadAt(10 * CAPACITY, OVERLOAD_MS).done;
  expect(await metric('overloads_total')).toBeGreaterThan(0);
  const endedMs = performance.now();
  const since = () => performance.now() - endedMs;

  const after = loadAt(AFTER_RATE, CALM_WITHIN_MS + 5000, { maxAttempts: 1 });
  await until('room in the window', RECOVERED_WITHIN_MS, async () => {
    const waiting = await metric('window_spans');
    return waiting < 2 * CAPACITY && after.counters().accepted > 0;
  });
  const roomMs = since();
  await until('the end of overload', CALM_WITHIN_MS, async () => {
    if ((await metric('overload_one_in')) === 1) return true;
    throw new Error(`the level of stress is ${await metric('stress_level')}`);
  });
  const calmMs = since();
  const later = await after.done;

  const accepted = calm.accepted + storm.accepted + later.accepted;
  await until('decisions', 20_000, async () => (await metric('window_spans')) < 100);
  const found = await sums(accepted);
  const sigmas = (found.adjusted - accepted) / Math.sqrt(found.variance);
  const ms = (value: number) => `${Math.round(value)} ms`;
  process.stdout.write(
    `${storm.accepted} spans in ${ms(storm.elapsedMs)}, ${storm.postponed} postponed, ` +
      `${storm.lost} lost, ${storm.skipped} not made for want of CPU\n` +
      `answers: p99 ${ms(calm.latencyMs.p99)} before; ${ms(storm.latencyMs.p50)}, p99 ` +
      `${ms(storm.latencyMs.p99)}, max ${ms(storm.latencyMs.max)} under overload; p99 ` +
      `${ms(later.latencyMs.p99)} after; room after ${ms(roomMs)}, calm after ${ms(calmMs)}\n` +
      `RED ${found.red} of ${accepted}; ${found.rows} rows stand for ` +
      `${Math.round(found.adjusted)}, off by ${sigmas.toFixed(2)} sigma\n`,
  );
  expect(found.red).toBe(accepted);
  expect(storm.accepted).toBeGreaterThan((3 * CAPACITY * OVERLOAD_MS) / 1000);
  expect(storm.rejected + storm.unanswered).toBe(0);
  expect(storm.latencyMs.p50).toBeLessThan(500);
  expect(storm.latencyMs.p99).toBeLessThan(2000);
  expect(later.latencyMs.p99).toBeLessThan(500);
  // Nobody was turned away once the storm was over.
  expect(later.lost + later.postponed).toBe(0);
  // What was kept stands for all, without bias.
  expect(Math.abs(sigmas)).toBeLessThan(4);
  expect(Math.sqrt(found.variance)).toBeLessThan(0.25 * accepted);
}, 300_000);

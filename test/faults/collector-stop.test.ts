import { afterEach, expect, test } from 'vitest';
import { QUICK, startCollector } from '../conformance/otlp-harness.ts';
import {
  createClient,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { type LoadOptions, startLoad } from '../support/load/load.ts';
import { until } from '../support/until.ts';

/** SIGTERM under load: stop accepting, decide what waits, drain, and exit within a bound. */
const EXIT_WITHIN_MS = 8000;
const RATE = 5000;

/** Traces wait so long that none is decided before the signal: only the stop decides them. */
const CONFIG = `${QUICK.replace('delay: 100ms, timeout: 1s', 'delay: 60s, timeout: 90s')}sampling:
  rules: [{ name: all, keep: 100% }]
`;

const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const transports: [LoadOptions['protocol']][] = [['grpc'], ['http']];

test.each(transports)('SIGTERM under load over %s: all that was accepted is stored', async (by) => {
  const directory = temporaryDirectory();
  ends.push(() => removeDirectory(directory));
  const clickhouse = await startClickHouse(directory);
  ends.push(() => clickhouse.program.stop('SIGKILL'));
  const client = createClient({ url: clickhouse.url });
  ends.push(() => client.close());
  const options = { directory, clickhouseUrl: clickhouse.url, config: CONFIG };
  const collector = await startCollector(options);
  ends.push(() => collector.program.stop('SIGKILL'));
  await collector.program.line((line) => line.msg.startsWith('ClickHouse is there'));

  const port = by === 'grpc' ? collector.grpcPort : new URL(collector.http).port;
  const target = `http://127.0.0.1:${port}`;
  const load = startLoad({ target, protocol: by, rate: RATE, maxAttempts: 3 });
  ends.push(() => load.stop());
  await until('a window full of traces', 20_000, () => load.counters().accepted > 3 * RATE);

  const startedMs = performance.now();
  expect(await collector.program.stop('SIGTERM', 2 * EXIT_WITHIN_MS)).toBe(0);
  const tookMs = performance.now() - startedMs;
  const sent = await load.stop();

  const query = `SELECT count() AS rows, uniqExact(TraceId, SpanId) AS distinct,
    (SELECT sum(count) FROM flyball_red WHERE service != 'flyball-collector') AS red
    FROM otel_traces WHERE ServiceName != 'flyball-collector'`;
  const result = await client.query({ query, format: 'JSONEachRow' });
  const [row] = await result.json<Record<'rows' | 'distinct' | 'red', string>>();
  const stored = Number(row?.rows);
  process.stdout.write(
    `${sent.accepted} spans accepted over ${by}, ${stored} stored, ` +
      `stopped in ${Math.round(tookMs)} ms; the sender heard ${JSON.stringify(sent.reasons)}\n`,
  );
  expect(tookMs).toBeLessThan(EXIT_WITHIN_MS);
  // An answer may get lost on a connection that ends: then a request is stored that nobody knows.
  expect(stored).toBeGreaterThanOrEqual(sent.accepted);
  expect(stored - sent.accepted).toBeLessThanOrEqual(sent.unanswered);
  expect(Number(row?.distinct)).toBe(stored);
  expect(Number(row?.red)).toBe(stored);
  expect(sent.accepted).toBeGreaterThan(3 * RATE);
});

import { afterEach, expect, test } from 'vitest';
import { QUICK, type RunningCollector, startCollector } from '../conformance/otlp-harness.ts';
import {
  createClient,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { startLoad } from '../support/load/load.ts';
import { until } from '../support/until.ts';

/**
 * ClickHouse is away while spans keep coming: nothing is lost, memory does not grow, and what
 * waited is stored afterwards. With FLYBALL_LONG=1 it is away for five minutes.
 */
const LONG = process.env.FLYBALL_LONG === '1';
const RATE = 20_000;
const BEFORE_MS = LONG ? 20_000 : 5_000;
const AWAY_MS = LONG ? 300_000 : 20_000;
const AFTER_MS = LONG ? 20_000 : 5_000;
/** How far resident memory may rise while rows wait on disk, bytes: noise, no trend. */
const MEMORY_NOISE = 96 * 2 ** 20;

/** One trace in twenty, and the failed ones. */
const CONFIG = `${QUICK}sampling:
  rules:
    - { name: errors, when: { error: true }, keep: 100% }
    - { name: rest, keep: 5% }
`;

const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function clickhouseOn(directory: string, env = {}) {
  const clickhouse = await startClickHouse(directory, env);
  ends.push(() => clickhouse.program.stop('SIGKILL'));
  return clickhouse;
}

/** Sum of a counter's series whose labels hold `label`. */
async function total(collector: RunningCollector, name: string, label: string): Promise<number> {
  const text = await (await fetch(`${collector.http}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Resident memory, asked for every second. */
function watchMemory(collector: RunningCollector) {
  const samples: number[] = [];
  const timer = setInterval(() => {
    collector
      .metric('process_resident_memory_bytes')
      .then((bytes) => samples.push(bytes))
      .catch(() => {});
  }, 1000);
  ends.push(() => clearInterval(timer));
  return samples;
}

const mean = (list: readonly number[]) =>
  list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);

async function figures(url: string): Promise<{ rows: number; distinct: number; red: number }> {
  const client = createClient({ url });
  try {
    const query = `SELECT
      (SELECT count() FROM otel_traces) AS rows,
      (SELECT uniqExact(TraceId, SpanId) FROM otel_traces) AS distinct,
      (SELECT sum(count) FROM flyball_red WHERE service != 'flyball-collector') AS red`;
    const result = await client.query({ query, format: 'JSONEachRow' });
    const [row] = await result.json<{ rows: string; distinct: string; red: string }>();
    return { rows: Number(row?.rows), distinct: Number(row?.distinct), red: Number(row?.red) };
  } finally {
    await client.close();
  }
}

test(`ClickHouse away for ${AWAY_MS / 1000} s at ${RATE} spans/s: nothing is lost`, async () => {
  const directory = temporaryDirectory();
  ends.push(() => removeDirectory(directory));
  const first = await clickhouseOn(directory);
  const port = new URL(first.url).port;
  const collector = await startCollector({ directory, clickhouseUrl: first.url, config: CONFIG });
  ends.push(() => collector.program.stop('SIGKILL'));
  const target = `http://127.0.0.1:${collector.grpcPort}`;
  const load = startLoad({ target, protocol: 'grpc', rate: RATE });
  ends.push(() => load.stop());
  await pause(BEFORE_MS);

  const memory = watchMemory(collector);
  await first.program.stop('SIGKILL');
  const awayAtMs = performance.now();
  await pause(AWAY_MS);
  const rss = [...memory];
  const spooled = await collector.metric('flyball_collector_spool_bytes');
  const ready = await fetch(`${collector.http}/health/ready`);
  expect(ready.status).toBe(200);

  const second = await clickhouseOn(directory, { FLYBALL_CLICKHOUSE_PORT: port });
  const backAtMs = performance.now();
  await pause(AFTER_MS);
  const sent = await load.stop();
  await until('a caught-up collector', 120_000, async () => {
    const lag = await collector.metric('flyball_collector_sink_lag_seconds');
    return (await collector.metric('flyball_collector_window_spans')) === 0 && lag < 3;
  });
  const caughtUpMs = performance.now() - backAtMs;

  // Answers were honest: all were yes, so every span the sender knows of is accepted.
  expect(sent.lost + sent.unanswered + sent.rejected).toBe(0);
  const keptRows = () =>
    total(collector, 'flyball_collector_decided_spans_total', 'verdict="kept"');
  const kept = await keptRows();
  const found = await until(`${kept} rows and ${sent.accepted} spans counted`, 60_000, async () => {
    const now = await figures(second.url);
    return now.red >= sent.accepted && now.rows >= kept ? now : undefined;
  });
  process.stdout.write(
    `${sent.accepted} spans accepted in ${Math.round(sent.elapsedMs / 1000)} s, ` +
      `${sent.postponed} postponed, ${sent.skipped} not made for want of CPU; ` +
      `away ${Math.round((backAtMs - awayAtMs) / 1000)} s, spool ${mib(spooled)} MiB, ` +
      `caught up after ${Math.round(caughtUpMs / 1000)} s; kept ${kept}, stored ${found.rows}; ` +
      `answers p99 ${Math.round(sent.latencyMs.p99)} ms; resident memory ` +
      `${mib(mean(rss.slice(0, 5)))} MiB at first, ${mib(mean(rss.slice(-5)))} MiB at the end\n`,
  );
  expect(found.red).toBe(sent.accepted);
  expect(found.distinct).toBe(found.rows);
  // The collector goes on tracing itself, so a few rows more may have been decided meanwhile.
  expect(found.rows).toBeLessThanOrEqual(await keptRows());
  expect(found.rows).toBeGreaterThan(sent.accepted / 20);
  expect(sent.accepted).toBeGreaterThan((RATE * (BEFORE_MS + AWAY_MS)) / 4000);
  expect(spooled).toBeGreaterThan(2 ** 20);
  expect(mean(rss.slice(-5)) - mean(rss.slice(0, 5))).toBeLessThan(MEMORY_NOISE);
}, 900_000);

const mib = (bytes: number) => Math.round(bytes / 2 ** 20);

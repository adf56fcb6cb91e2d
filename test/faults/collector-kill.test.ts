import { afterEach, expect, test } from 'vitest';
import { hexId, type RunningCollector, startCollector } from '../conformance/otlp-harness.ts';
import { traceRequest } from '../conformance/otlp-messages.ts';
import {
  createClient,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { Random } from '../support/load/random.ts';
import { until } from '../support/until.ts';

/** What was acknowledged and decided "keep" survives `kill -9` at any moment, once. */
const DEATHS: [deaths: number, workers: number][] = [
  [20, 1],
  [4, 2],
];
const SEED = 20_260_821;
const SENDERS = 3;
const SPANS_PER_REQUEST = 40;
/** The latest moment of a death: by then spans are on every part of the way. */
const LATEST_MS = 1200;
const POLL_MS = 4;

/** Short times, so that death meets open, sealed and sent blocks alike. */
const configOf = (workers: number) => `workers: ${workers}
window: { delay: 20ms, timeout: 1s }
spool: { blockAge: 40ms }
`;

/** Every span that is sent has failed; those that the collector sends itself have not. */
const KEPT = 'flyball_collector_decided_spans_total{verdict="kept",reason="error"}';

const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Round {
  readonly service: string;
  /** Spans the sender got a 200 for. */
  acknowledged: Set<string>;
  /** Spans that were sent at all. */
  sent: Set<string>;
  /** Kept spans the collector had decided when it was last asked. */
  decided: number;
}

/** Sends until the collector dies; each request waits for its answer. */
async function sendUntilDeath(collector: RunningCollector, round: Round): Promise<void> {
  for (;;) {
    const spans = Array.from({ length: SPANS_PER_REQUEST }, () => ({
      traceId: hexId(16),
      spanId: hexId(8),
      service: round.service,
    }));
    for (const span of spans) round.sent.add(span.spanId);
    try {
      const response = await fetch(`${collector.http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: traceRequest(...spans) as BodyInit,
      });
      await response.arrayBuffer();
      if (response.status === 200) for (const span of spans) round.acknowledged.add(span.spanId);
    } catch {
      return;
    }
  }
}

/** Asks again and again what is decided, until the collector dies. */
async function watchDecisions(collector: RunningCollector, round: Round): Promise<void> {
  try {
    for (;;) {
      round.decided = await collector.metric(KEPT);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } catch {
    // Dead: the last answer counts.
  }
}

async function killAt(collector: RunningCollector, round: Round, afterMs: number): Promise<void> {
  const senders = Array.from({ length: SENDERS }, () => sendUntilDeath(collector, round));
  const watching = watchDecisions(collector, round);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await collector.program.stop('SIGKILL');
  await Promise.all([...senders, watching]);
}

const title = 'kill -9 under load, %i times, %i worker(s): nothing decided is missing or doubled';

test.each(DEATHS)(title, { timeout: 300_000 }, async (deaths, workers) => {
  const directory = temporaryDirectory();
  ends.push(() => removeDirectory(directory));
  const clickhouse = await startClickHouse(directory);
  ends.push(() => clickhouse.program.stop('SIGKILL'));
  const client = createClient({ url: clickhouse.url });
  ends.push(() => client.close());
  const start = async () => {
    const options = { directory, clickhouseUrl: clickhouse.url, config: configOf(workers) };
    const collector = await startCollector(options);
    ends.push(() => collector.program.stop('SIGKILL'));
    return collector;
  };
  const random = new Random(SEED);
  const rounds: Round[] = [];
  for (let number = 0; number < deaths; number += 1) {
    const service = `round-${number}`;
    const round = { service, acknowledged: new Set<string>(), sent: new Set<string>(), decided: 0 };
    rounds.push(round);
    await killAt(await start(), round, LATEST_MS * random.fraction());
  }
  const last = await start();
  await until('an empty spool', 60_000, async () => {
    return (await last.metric('flyball_collector_spool_bytes')) === 0;
  });
  for (const round of rounds) {
    const query = `SELECT SpanId FROM otel_traces WHERE ServiceName = '${round.service}'`;
    const result = await client.query({ query, format: 'JSONEachRow' });
    const found = (await result.json<{ SpanId: string }>()).map((row) => row.SpanId);
    const distinct = new Set(found);
    expect(distinct.size, `${round.service}: nothing twice`).toBe(found.length);
    const decided = `${round.service}: of ${round.acknowledged.size} acknowledged`;
    expect(distinct.size, decided).toBeGreaterThanOrEqual(round.decided);
    expect(found.filter((id) => !round.sent.has(id))).toEqual([]);
  }
  const decided = rounds.map((round) => round.decided);
  const sum = decided.reduce((total, count) => total + count, 0);
  process.stdout.write(`decided before each of ${deaths} deaths: ${decided.join(' ')}\n`);
  // Deaths at all times: some before the first decision, most long after it.
  expect(sum).toBeGreaterThan(100 * deaths);
  expect(new Set(decided).size).toBeGreaterThanOrEqual(deaths / 2);
});

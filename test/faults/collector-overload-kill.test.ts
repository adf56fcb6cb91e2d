import { afterEach, expect, test } from 'vitest';
import { hexId, type RunningCollector, startCollector } from '../conformance/otlp-harness.ts';
import { traceRequest } from '../conformance/otlp-messages.ts';
import {
  createClient,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { until } from '../support/until.ts';

/** Under overload a span is decided before its sender is answered: what is kept is on disk then. */
const CONFIG = `window: { delay: 2s, timeout: 5s, maxSpans: 200 }
spool: { blockAge: 60s }
sampling: { rules: [{ name: some, keep: 20% }] }
`;
const SPANS_PER_REQUEST = 20;
const SENDERS = 3;

const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function collectorOn(directory: string, clickhouseUrl: string): Promise<RunningCollector> {
  const collector = await startCollector({ directory, clickhouseUrl, config: CONFIG });
  ends.push(() => collector.program.stop('SIGKILL'));
  return collector;
}

async function send(collector: RunningCollector, service: string, ids: readonly string[]) {
  const spans = ids.map((traceId) => ({ traceId, spanId: hexId(8), service }));
  const response = await fetch(`${collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(...spans) as BodyInit,
  });
  await response.arrayBuffer();
  return response.status;
}

/** Ids of traces that 1 in 1024 keeps, and so every smaller N too. */
const lucky = () => `${hexId(16).slice(-18)}ffffffffffffff`;

test('spans kept under overload survive kill -9 once they are acknowledged', async () => {
  const directory = temporaryDirectory();
  ends.push(() => removeDirectory(directory));
  const clickhouse = await startClickHouse(directory);
  ends.push(() => clickhouse.program.stop('SIGKILL'));
  const collector = await collectorOn(directory, clickhouse.url);
  const flood = Array.from({ length: 400 }, () => hexId(16));
  await until('overload', 10_000, async () => {
    await send(
      collector,
      'flood',
      flood.map(() => hexId(16)),
    );
    return (await collector.metric('flyball_collector_overload_one_in')) > 1;
  });
  const acknowledged = new Set<string>();
  const sendUntilDeath = async () => {
    for (;;) {
      const ids = Array.from({ length: SPANS_PER_REQUEST }, lucky);
      try {
        if ((await send(collector, 'kept', ids)) !== 200) continue;
      } catch {
        return;
      }
      for (const id of ids) acknowledged.add(id);
    }
  };
  const senders = Array.from({ length: SENDERS }, sendUntilDeath);
  await until('enough', 10_000, () => acknowledged.size > 3000);
  await collector.program.stop('SIGKILL');
  await Promise.all(senders);
  await collectorOn(directory, clickhouse.url);
  const client = createClient({ url: clickhouse.url });
  ends.push(() => client.close());
  const query = "SELECT TraceId AS id FROM otel_traces WHERE ServiceName = 'kept'";
  const missing = async () => {
    const result = await client.query({ query, format: 'JSONEachRow' });
    const stored = new Set((await result.json<{ id: string }>()).map(({ id }) => id));
    return [...acknowledged].filter((id) => !stored.has(id));
  };
  await until('all of them', 20_000, async () => (await missing()).length === 0);
  expect(acknowledged.size).toBeGreaterThan(3000);
}, 90_000);

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';

/** One sender's clock says anything at all: its rows cost others nothing, and none is lost. */
const WILD = 80;
const DAY_NS = 86_400_000_000_000n;
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    config: `${QUICK}sampling: { rules: [{ name: all, keep: 100% }] }\n`,
  });
});

afterAll(() => stack?.stop());

async function send(service: string, startsNs: readonly bigint[]): Promise<void> {
  const spans = startsNs.map((startNs) => ({
    traceId: hexId(16),
    spanId: hexId(8),
    name: 'GET /',
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + 1000n),
  }));
  const attributes = [{ key: 'service.name', value: { stringValue: service } }];
  const answer = await fetch(`${stack.collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }],
    }),
  });
  expect(answer.status).toBe(200);
}

async function stored(service: string, count: number): Promise<number> {
  const rows = await stack.rows<{ TraceId: string }>(
    `SELECT TraceId FROM otel_traces WHERE ServiceName = '${service}'`,
    (found) => found.length >= count,
    40_000,
  );
  return rows.length;
}

test('rows of many days go by themselves, and all of them are stored', async () => {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  // Days to come, so that none is too old to be kept.
  const wild = Array.from({ length: WILD }, (_, at) => nowNs + BigInt(2 + at * 100) * DAY_NS);
  await send('wild', wild);
  await send('sane', [nowNs, nowNs, nowNs]);
  expect(await stored('sane', 3)).toBe(3);
  expect(await stored('wild', WILD)).toBe(WILD);
  const rows = await stack.collector.metric('flyball_collector_far_rows_total');
  expect(rows).toBe(WILD - 16);
  const far = 'flyball_collector_stored_rows_total{table="otel_traces__far"}';
  await until('all of them counted', 10_000, async () => {
    return (await stack.collector.metric(far)) === WILD - 16;
  });
});

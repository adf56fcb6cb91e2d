import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';
import { traceRequest } from './otlp-messages.ts';

/** The controller may raise what is kept of a service for a while. */
const TOKEN = 'a token that only tests know';
let stack: Stack;

beforeAll(async () => {
  const config = `${QUICK}sampling: { rules: [{ name: none, keep: 0.1% }] }\n`;
  stack = await startStack({ config, env: { FLYBALL_GUARD_TOKEN: TOKEN } });
});

afterAll(() => stack?.stop());

function boosts(init: RequestInit = {}, token = TOKEN): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${stack.collector.http}/v1/flyball/boosts`, { headers, ...init });
}

const boost = (service: string, forMs: number) => ({
  service,
  ratio: 1,
  untilMs: Date.now() + forMs,
  by: 'mode degraded',
});

const post = (body: object, token = TOKEN) =>
  boosts({ method: 'POST', body: JSON.stringify(body) }, token);

async function send(service: string, n: number): Promise<void> {
  const spans = Array.from({ length: n }, () => ({
    traceId: hexId(16),
    spanId: hexId(8),
    service,
    error: false,
  }));
  await fetch(`${stack.collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(...spans) as BodyInit,
  });
}

test('a boosted service is kept whole, with its probability; it ends by itself', async () => {
  const answer = await post(boost('sick', 3000));
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ boosts: [{ service: 'sick', ratio: 1 }] });
  await send('sick', 50);
  const rows = await stack.rows<{ SpanAttributes: Record<string, string> }>(
    "SELECT SpanAttributes FROM otel_traces WHERE ServiceName = 'sick'",
    (found) => found.length >= 50,
  );
  expect(rows.every((row) => row.SpanAttributes.SampleRate === '1')).toBe(true);
  await until('the end of the boost', 10_000, async () => {
    return ((await (await boosts()).json()) as { boosts: unknown[] }).boosts.length === 0;
  });
  await send('sick', 50);
  const dropped = 'flyball_collector_decided_traces_total{trigger="root",verdict="dropped"}';
  await until('dropped again', 10_000, async () => (await stack.collector.metric(dropped)) >= 40);
});

test('it needs the token, and a boost that can be read', async () => {
  expect((await post(boost('x', 1000), 'wrong')).status).toBe(401);
  expect((await boosts({}, 'wrong')).status).toBe(401);
  const wrong = await post({ ...boost('x', 1000), ratio: 2 });
  expect(wrong.status).toBe(400);
  expect((await wrong.json()) as object).toMatchObject({
    message: expect.stringContaining('ratio'),
  });
  expect((await boosts({ method: 'POST', body: '{' })).status).toBe(400);
  expect((await boosts({ method: 'DELETE' })).status).toBe(405);
});

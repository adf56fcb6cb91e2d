import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { hexId, type Stack, startStack } from './otlp-harness.ts';
import { traceRequest } from './otlp-messages.ts';

/** Rules of a running collector: edited, refused, tried, explained, boosted. */
const TOKEN = 'a token that only tests know';
const MAIN = join(import.meta.dirname, '../../apps/collector/src/main.ts');
const FILE = (rules: string, window = 'delay: 100ms, timeout: 1s') => `window: { ${window} }
spool: { blockAge: 100ms }
sampling:
${rules}`;
const START = FILE(`  rules:
    - { name: health, drop: true, when: { operation: GET /health } }
    - { name: errors, when: { error: true }, keep: 100% }
    - { name: none, keep: 0% }
`);
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: START, env: { FLYBALL_GUARD_TOKEN: TOKEN } });
});

afterAll(() => stack?.stop());

/** Writes the file and no more: it is noticed without a signal. */
async function edit(text: string, heard: string): Promise<Record<string, unknown>> {
  const { program } = stack.collector;
  const since = Date.now();
  const told = program.line((line) => line.msg.startsWith(heard) && Number(line.time) >= since);
  writeFileSync(join(stack.directory, 'collector.yaml'), text);
  return told;
}

interface Sketch {
  service: string;
  name?: string;
  error?: boolean;
}

async function send(...spans: Sketch[]): Promise<string[]> {
  const wanted = spans.map((span) => ({
    error: false,
    ...span,
    traceId: hexId(16),
    spanId: hexId(8),
  }));
  const response = await fetch(`${stack.collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(...wanted) as BodyInit,
  });
  expect(response.status).toBe(200);
  return wanted.map(({ traceId }) => traceId);
}

function command(args: string[], env: NodeJS.ProcessEnv = { FLYBALL_GUARD_TOKEN: TOKEN }) {
  return new Promise<{ code: number; text: string }>((resolve) => {
    const node = ['--conditions=@flyball/source', MAIN, ...args];
    execFile(process.execPath, node, { env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: out + err }),
    );
  });
}

const explain = (traceId: string, env?: NodeJS.ProcessEnv) =>
  command(['explain', traceId, '--url', stack.collector.http], env);

const post = (body: object) =>
  fetch(`${stack.collector.http}/v1/flyball/boosts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ ratio: 1, untilMs: Date.now() + 60_000, by: 'a test', ...body }),
  });

test('a decided trace is explained, rule by rule', async () => {
  const [dropped, vetoed] = await send(
    { service: 'web' },
    { service: 'web', name: 'GET /health', error: true },
  );
  const told = await until('decided', 10_000, async () => {
    const answer = await explain(dropped as string);
    return answer.text.includes('dropped by none (rest) at') ? answer : undefined;
  });
  expect(told.code).toBe(0);
  expect(told.text).toContain('decided because its root had come');
  expect(told.text).toContain('not matched errors: does not hold: a span has status error');
  expect(told.text).toContain('not matched health: does not hold: a span has operation "GET');
  expect((await explain(vetoed as string)).text).toContain('dropped by health (veto)');
  expect((await explain(hexId(16))).code).toBe(2);
  expect(
    await explain(hexId(16), { FLYBALL_GUARD_TOKEN: 'wrong wrong wrong wrong' }),
  ).toMatchObject({ code: 1, text: expect.stringContaining('FLYBALL_GUARD_TOKEN') });
});

test('a file with a fault is refused with its place, and the running rules stay', async () => {
  const wrong = FILE(`  rules:
    - { name: all, when: { latencyOver: 0s }, keep: 100% }
    - name: slow
      keep: 1%
      when: { latencyOwer: 1s }
`);
  const refused = await edit(wrong, 'configuration refused');
  expect(String(refused.faults)).toContain(
    'collector.yaml:8:15: sampling.rules[1].when.latencyOwer: there is no such field: ' +
      'did you mean latencyOver?',
  );
  const [kept, dropped] = await send({ service: 'stays', error: true }, { service: 'stays' });
  const rows = await stack.rows<{ TraceId: string }>(
    "SELECT TraceId FROM otel_traces WHERE ServiceName = 'stays'",
  );
  expect(rows).toEqual([{ TraceId: kept }]);
  expect((await explain(dropped as string)).text).toContain('dropped by none');
});

test('new rules that are good take over, and what waits is decided by them', async () => {
  await edit(START.replace('delay: 100ms, timeout: 1s', 'delay: 4s, timeout: 9s'), 'configuration');
  const [waiting] = await send({ service: 'waits' });
  const before = await explain(waiting as string);
  expect(before.text).toContain('still waits; now it would be dropped by none (rest)');
  await edit(FILE('  rules: [{ name: now-all, keep: 100% }]\n'), 'configuration changed');
  const rows = await stack.rows("SELECT TraceId FROM otel_traces WHERE ServiceName = 'waits'");
  expect(rows).toEqual([{ TraceId: waiting }]);
});

test('a dry run drops nothing and marks what it would have dropped', async () => {
  await edit(START.replace('sampling:', 'sampling:\n  dryRun: true'), 'configuration changed');
  await send({ service: 'tried' }, { service: 'tried', error: true });
  const rows = await stack.rows<{ would: string; rate: string }>(
    `SELECT SpanAttributes['flyball.sampling.would_drop'] AS would,
            SpanAttributes['SampleRate'] AS rate
     FROM otel_traces WHERE ServiceName = 'tried' ORDER BY would`,
    (found) => found.length === 2,
  );
  expect(rows).toEqual([
    { would: '', rate: '1' },
    { would: 'none', rate: '1' },
  ]);
  const ledger = await stack.rows<{ kept: string }>(
    "SELECT sum(kept) AS kept FROM flyball_sampling WHERE reason = 'dry_run' AND policy = 'none'",
    ([row]) => Number(row?.kept) > 0,
  );
  // The collector's own traces are tried too.
  expect(Number(ledger[0]?.kept)).toBeGreaterThan(0);
});

test('a boost of one operation ends with its budget, and says what it has kept', async () => {
  await edit(FILE('  rules: [{ name: few, keep: 0.0001% }]\n'), 'configuration changed');
  const set = await post({ service: 'pay', operation: 'charge', maxSpans: 5 });
  expect(await set.json()).toMatchObject({
    boosts: [{ service: 'pay', operation: 'charge', kept: { spans: 0 } }],
  });
  const both = { service: 'pay', operation: 'charge', callee: 'bank' };
  expect((await post(both)).status).toBe(400);
  const spans = ['charge', 'refund'].flatMap((name) =>
    Array.from({ length: 8 }, () => ({ service: 'pay', name })),
  );
  await send(...spans);
  const rows = await stack.rows<{ SpanName: string }>(
    "SELECT SpanName FROM otel_traces WHERE ServiceName = 'pay'",
    (found) => found.length >= 5,
  );
  expect(rows.map(({ SpanName }) => SpanName)).toEqual(new Array(5).fill('charge'));
  await until('the end of the boost', 10_000, async () => {
    return (await stack.collector.metric('flyball_collector_boosts')) === 0;
  });
  expect(await stack.collector.metric('flyball_collector_boost_kept_spans_total')).toBe(5);
});

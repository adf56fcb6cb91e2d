import { expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { Registry } from '../self/metrics.ts';
import { FakeFiles } from '../spool/files.fake.ts';
import { Spool } from '../spool/spool.ts';
import { PipelineIntake, retryAfterMs } from './intake.ts';
import { Outbox } from './outbox.ts';
import { PointPipeline } from './points.ts';
import { createTally } from './tally.ts';
import { TracePipeline } from './traces.ts';

const MAX_SPOOL_BYTES = 2000;

function rig(syncBeforeAnswer = false) {
  const config = defaultConfig();
  const files = new FakeFiles();
  const spool = new Spool(files, {
    maxBytes: MAX_SPOOL_BYTES,
    blockBytes: 1e6,
    blockAgeMs: 1000,
    run: '1700000000000-aaaa',
    syncOnSeal: false,
  });
  const outbox = new Outbox(spool);
  const tally = createTally(new Registry());
  const rules = {
    rules: [{ name: 'all', sampler: { kind: 'probability' as const, probability: 1 } }],
  };
  const clock = { ms: 1_700_000_000_000 };
  const traces = new TracePipeline(windowConfigOf(config), rules, outbox, tally);
  const intake = new PipelineIntake({
    traces,
    points: new PointPipeline(spool, tally),
    spool,
    outbox,
    maxSpoolBytes: MAX_SPOOL_BYTES,
    maxWindowBytes: () => config.window.maxSize,
    syncBeforeAnswer,
    drainBytesPerSecond: () => 100,
    now: () => clock.ms,
  });
  return { files, spool, outbox, traces, intake, clock };
}

const gauge = (name: string) =>
  Buffer.from(
    JSON.stringify({
      resourceMetrics: [
        {
          scopeMetrics: [
            { metrics: [{ name, gauge: { dataPoints: [{ asDouble: 1, timeUnixNano: '1' }] } }] },
          ],
        },
      ],
    }),
  );

const span = Buffer.from(
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: 'a'.repeat(32),
                spanId: 'b'.repeat(16),
                name: 'GET /',
                startTimeUnixNano: '1700000000000000000',
                endTimeUnixNano: '1700000000005000000',
              },
            ],
          },
        ],
      },
    ],
  }),
);

test('the time to come back follows the rate at which the spool drains', () => {
  expect(retryAfterMs(1000, 1000, 10)).toBe(10_000);
  expect(retryAfterMs(1000, 1000, 1e9)).toBe(1000);
  expect(retryAfterMs(1000, 1000, 0)).toBe(60_000);
});

test('a metric is in the spool before it is acknowledged', async () => {
  const { files, intake } = rig();
  expect((await intake.take('metrics', 'json', gauge('a'))).kind).toBe('accepted');
  const [name, content] = [...files.contents][0] ?? [];
  expect(name).toContain('otel_metrics_gauge');
  expect(String(content)).toContain('"MetricName":"a"');
  expect(files.synced).toEqual([]);
});

test('a metric whose rows would fill the memory is too large, and not kept', async () => {
  const { files, intake } = rig();
  const point = { asDouble: 1, timeUnixNano: '1' };
  const value = { stringValue: 'x'.repeat(100_000) };
  const metric = { name: 'wide', gauge: { dataPoints: Array(3000).fill(point) } };
  const scopeMetrics = [{ metrics: [metric] }];
  const resource = { attributes: [{ key: 'blob', value }] };
  const body = Buffer.from(JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics }] }));
  expect(body.length).toBeLessThan(300_000);
  expect(await intake.take('metrics', 'json', body)).toMatchObject({ kind: 'too_large' });
  expect(files.contents.size).toBe(0);
});

test('with sync: always it is on the disk itself', async () => {
  const { files, intake } = rig(true);
  await intake.take('metrics', 'json', gauge('a'));
  expect(files.synced).toHaveLength(1);
});

test('a full spool, a failing disk and a stop each say so and take nothing', async () => {
  const { files, intake } = rig();
  while (intake.busy() === undefined) await intake.take('metrics', 'json', gauge('x'));
  expect(intake.busy()).toMatchObject({ kind: 'busy', retryAfterMs: expect.any(Number) });
  const failing = rig();
  failing.files.room = 0;
  expect(await failing.intake.take('metrics', 'json', gauge('a'))).toMatchObject({ kind: 'busy' });
  expect((await failing.intake.take('traces', 'json', span)).kind).toBe('busy');
  expect(files.contents.size).toBe(1);
  const stopping = rig();
  stopping.intake.stopping = true;
  expect((await stopping.intake.take('traces', 'json', span)).kind).toBe('stopping');
});

test('a trace is decided after its delay, and its rows carry the decision', async () => {
  const { intake, traces, outbox, clock, spool } = rig();
  expect((await intake.take('traces', 'json', span)).kind).toBe('accepted');
  const never = () => false;
  expect(traces.step(clock.ms + 1999, never)).toBe(false);
  expect(outbox.waiting).toBe(0);
  traces.step(clock.ms + 2000, never);
  expect(outbox.waiting).toBe(1);
  traces.drain();
  outbox.flush(clock.ms);
  spool.sealAll();
  const tables = new Set<string>();
  for (let block = spool.take(); block !== undefined; block = spool.take()) tables.add(block.table);
  expect(tables).toEqual(
    new Set([
      'otel_traces',
      'flyball_red',
      'flyball_endpoints',
      'flyball_critical_path',
      'flyball_exemplars',
      'flyball_ingest_quality',
      'flyball_sampling',
    ]),
  );
});

test('a trace too large for one step is written over several', async () => {
  const { intake, traces, outbox, clock } = rig();
  await intake.take('traces', 'json', span);
  let checks = 0;
  const once = () => {
    checks += 1;
    return checks > 1;
  };
  expect(traces.step(clock.ms + 2000, once)).toBe(true);
  expect(outbox.waiting).toBe(0);
  expect(traces.step(clock.ms + 2000, () => false)).toBe(false);
  expect(outbox.waiting).toBe(1);
});

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrateClickHouse } from '@flyball/store';
import { bucketIndex } from '@flyball/tracing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createClient,
  type RunningClickHouse,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { ROOT } from '../support/process.ts';

/** The command `flyball` as people and their programs run it: real processes, a real ClickHouse. */
const directory = temporaryDirectory();
const MAIN = ['--conditions=@flyball/source', join(ROOT, 'apps/cli/src/main.ts')];

afterAll(() => removeDirectory(directory));

function written(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const policyText = (loop: string) => `apiVersion: flyball/v1
kind: Policy
metadata: { name: checkout }
spec:
  service: checkout
  objectives: { latency: { p99: 800ms } }
  loops:
    replicas:
      ${loop}
      limits: { min: 2, max: 40 }
      startUp: 5s
      actuator: { processes: { url: "http://127.0.0.1:4500" } }
`;
const AUTOSCALE = written('auto.yaml', policyText(''));
const CAPACITY = written(
  'capacity.yaml',
  policyText('law: { capacity: { serviceTime: 100ms, utilization: 50% } }\n      every: 10s'),
);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What the caller says of stores, and where npm was run, must not reach the command. */
const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(FLYBALL_|CLICKHOUSE_URL|INIT_CWD)/.test(name)),
);

function start(args: readonly string[], cwd = directory) {
  return spawn(process.execPath, args, { cwd, env: CLEAN, stdio: ['pipe', 'pipe', 'pipe'] });
}

function flyball(...args: string[]): Promise<Ended> {
  return ended(start([...MAIN, ...args]));
}

function ended(child: ReturnType<typeof start>): Promise<Ended> {
  const told = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    told.out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    told.err += chunk;
  });
  child.stdin.end();
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...told })));
}

test('a policy is checked, and simulated beside HPA: the same seed, the same run', async () => {
  const checked = await flyball('policy', 'check', 'auto.yaml');
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.out).toContain('replicas: autoscale, 2 to 40, every 5s');
  const load = Array.from({ length: 300 }, (_, second) => (second < 120 ? 60 : 150)).join('\n');
  written('load.txt', load);
  const args = ['simulate', 'auto.yaml', '--load', 'load.txt', '--compare', 'hpa', '--seed', '3'];
  const first = await flyball(...args);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(/checkout \(autoscale\) on swift, load load, 5 min, seed 3/);
  expect(first.out).toMatch(/^hpa +\d/m);
  expect((await flyball(...args)).out).toBe(first.out);
});

test('what is wrong is told with its line on standard error, and the exit code is 1', async () => {
  const wrong = written('wrong.yaml', policyText('evry: 5s'));
  expect(await flyball('policy', 'check', wrong)).toEqual({
    code: 1,
    out: '',
    err: `${wrong}:9:7: spec.loops.replicas.evry: is not a field here: did you mean every?\n`,
  });
  expect((await flyball('simulate', AUTOSCALE, '--load', 'nowhere')).code).toBe(1);
  expect((await flyball()).code).toBe(0);
});

test('a reader that has seen enough ends it quietly', async () => {
  const child = start([...MAIN, 'policy', 'serve', '--schema']);
  const end = ended(child);
  child.stdout.destroy();
  expect(await end).toMatchObject({ code: 0, err: '' });
});

describe('policy serve', () => {
  test('answers each line at once, in order, and ends with its input', async () => {
    const child = start([...MAIN, 'policy', 'serve', 'capacity.yaml']);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const answers = linesOf(child.stdout);
    const ask = async (line: object | string) => {
      child.stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
      return JSON.parse((await answers.next()).value ?? 'null');
    };
    expect(await ask({ reset: true })).toMatchObject({ law: 'capacity', everyMs: 10_000 });
    // A stranger's simulator: what it is told to have is what it has in the next turn.
    let applied = 4;
    const values: number[] = [];
    for (const [turn, ratePerSecond] of [20, 20, 50, 50, 50].entries()) {
      const observation = { nowMs: 10_000 * turn, ratePerSecond, applied };
      applied = (await ask(observation)).value;
      values.push(applied);
    }
    // Need is 10: one step may double what there is, the next one waits for a minute.
    expect(values).toEqual([4, 4, 8, 8, 8]);
    expect(await ask('not a line')).toEqual({ error: expect.stringContaining('no JSON') });
    expect(await ask({ nowMs: 90_000, ratePerSecond: 50 })).toMatchObject({ value: 10 });
    expect(await ask({ reset: true })).toMatchObject({ reset: true });
    expect(await ask({ nowMs: 0, ratePerSecond: 20, applied: 4 })).toMatchObject({ value: 4 });
    child.stdin.end();
    expect(await closed).toBe(0);
  });
});

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  return undefined;
}

describe('backtest', () => {
  let clickhouse: RunningClickHouse;
  // Whole minutes: buckets of ten seconds begin where the test says.
  const fromMs = Math.floor(Date.now() / 60_000) * 60_000 - 1_800_000;

  beforeAll(async () => {
    clickhouse = await startClickHouse(directory);
    const client = createClient({ url: clickhouse.url });
    await migrateClickHouse(client as never);
    const buckets = Array.from({ length: 60 }, (_, index) => index);
    const time = (index: number) => new Date(fromMs + index * 10_000).toISOString();
    const rate = (index: number) => (index < 30 ? 20 : 50);
    await client.insert({
      table: 'flyball_red',
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
      // Several instances, and another kind of span that does not count.
      values: buckets.flatMap((index) =>
        ['Server', 'Server', 'Client'].map((kind, instance) => ({
          time: time(index),
          service: 'checkout',
          operation: 'POST /',
          kind,
          instance: `checkout-${instance}`,
          count: rate(index) * 5,
          errors: 1,
          duration_sum_ns: rate(index) * 5 * 150e6,
          buckets: { [bucketIndex(200e6)]: rate(index) * 5 },
        })),
      ),
    });
    await client.insert({
      table: 'flyball_loop_samples',
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
      values: buckets.map((index) => ({
        time: time(index),
        service: 'checkout',
        loop: 'replicas',
        applied: { '': 4 },
      })),
    });
    await client.close();
  });

  afterAll(async () => {
    await clickhouse?.program.stop();
  });

  const args = (service = CAPACITY) => [
    'backtest',
    service,
    '--clickhouse',
    clickhouse.url,
    '--from',
    new Date(fromMs + 60_000).toISOString(),
    '--to',
    new Date(fromMs + 590_000).toISOString(),
  ];

  test('says what the policy would have done, when and why', async () => {
    const { code, out, err } = await flyball(...args());
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('checkout (capacity) in shadow over checkout');
    const surge = new Date(fromMs + 310_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(out).toMatch(new RegExp(`^${surge} .* 4 +7 +35 requests/s of 100 ms`, 'm'));
    expect(out).toContain('54 turns: agreed in 25, without evidence in 1.');
  });

  test('gives every turn as JSON, with what was seen', async () => {
    const { out } = await flyball(...args(), '--json');
    const { summary, differences, turns } = JSON.parse(out);
    expect(summary).toMatchObject({ turns: 54, agreed: 25, appliedReplicaHours: 0.6 });
    expect(differences[0]).toMatchObject({ applied: 4, wanted: 7, reason: 'capacity-need' });
    // The first window was not counted from its beginning: there is no rate to be made of it.
    expect(turns[0].seen).toMatchObject({ ratePerSecond: null, inFlight: null, applied: 4 });
    expect(turns[1].seen).toMatchObject({
      ratePerSecond: 20,
      inFlight: 3,
      errorRatio: 0.01,
      applied: 4,
      utilization: null,
    });
    expect(turns[1].seen.p99Ms).toBeGreaterThan(190);
    expect(turns[1].seen.p99Ms).toBeLessThan(210);
  });

  test('says so when nothing is recorded', async () => {
    const stranger = written(
      'stranger.yaml',
      policyText('law: { capacity: {} }').replace('service: checkout', 'service: stranger'),
    );
    const { code, err } = await flyball(...args(stranger));
    expect(code).toBe(1);
    expect(err).toContain('nothing is recorded of the service stranger');
  });
});

test('npm run flyball builds it, and runs it where its user stands', async () => {
  const bootstrap = join(ROOT, 'infra', 'up', 'bootstrap.mjs');
  const asked = [bootstrap, 'flyball', 'policy', 'check', 'auto.yaml'];
  const { code, out, err } = await ended(start(asked));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.split('\n')[0]).toBe('auto.yaml is good: policy checkout for the service checkout.');
});

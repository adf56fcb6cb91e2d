import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SamplingDecision } from '@flyball/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from './main.ts';

const folder = mkdtempSync(join(tmpdir(), 'flyball-cli-'));
const ID = '0af7651916cd43dd8448eb211c80319c';

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand({
    args,
    environment: { FLYBALL_GUARD_TOKEN: 'secret' },
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

function file(text: string): string {
  const name = join(folder, 'c.yaml');
  writeFileSync(name, text);
  return name;
}

const decided: SamplingDecision = {
  state: 'decided',
  traceId: ID,
  atMs: 1_700_000_000_000,
  keep: false,
  probability: 0.01,
  reason: 'rest',
  rule: 'rest',
  trigger: 'timeout',
  rules: [
    { rule: 'errors', matched: false, why: 'does not hold: a span has status error' },
    { rule: 'rest', matched: true, why: '1 % kept' },
  ],
};
const answers = new Map<string, [number, object]>([
  [ID, [200, decided]],
  ['1'.repeat(32), [200, { ...decided, state: 'waiting', keep: true, trigger: null }]],
  ['2'.repeat(32), [404, { state: 'unknown', traceId: ID, remembered: 50, sinceMs: 0 }]],
]);
const server = createServer((request, response) => {
  const known = answers.get(request.url?.split('/').at(-1) ?? '');
  const allowed = request.headers.authorization === 'Bearer secret';
  const [status, body] = allowed ? (known ?? [500, {}]) : [401, {}];
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

test('check says how the rules are understood, vetoes first', async () => {
  const good = file(`sampling:
  rules:
    - { name: slow, when: { root: { latencyOver: 1s } }, keep: 50% }
    - { name: rest, limit: { spansPerSecond: 10 }, dryRun: true }
    - { name: health, when: { operation: { matches: health } }, drop: true }
`);
  const { code, out } = await run('check', good);
  expect(code).toBe(0);
  expect(out.split('\n').slice(1)).toEqual([
    '  1. health: if a span has operation matching /health/: dropped, whatever other rules say',
    '  2. slow: if the root has a duration of more than 1000 ms: 50 % kept',
    '  3. rest: always: at most 10 spans/s kept (dry run: nothing is dropped, only marked)',
    '  else: dropped',
  ]);
});

test('check says what is wrong, each fault in a line, and fails', async () => {
  const { code, err } = await run('check', file('sampling:\n  ruls: []\n'));
  expect(code).toBe(1);
  expect(err).toMatch(/c\.yaml:2:3: sampling\.ruls: there is no such field: did you mean rules\?$/);
  expect((await run('check', join(folder, 'none.yaml'))).err).toContain('no such file');
  expect((await run('check')).code).toBe(1);
});

test('schema prints a JSON Schema', async () => {
  const { code, out } = await run('schema');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ title: 'Flyball collector', type: 'object' });
});

test('explain tells of a decided, a waiting and an unknown trace', async () => {
  const told = await run('explain', ID, '--url', url);
  expect(told.code).toBe(0);
  expect(told.out.split('\n')).toEqual([
    `${ID}: dropped by rest (rest) at 2023-11-14T22:13:20.000Z`,
    'such traces are kept with probability 1 %',
    'decided because its time was over and no root had come',
    '  not matched errors: does not hold: a span has status error',
    '  matched     rest: 1 % kept',
  ]);
  const waits = await run('explain', '1'.repeat(32), '--url', url);
  expect(waits.out).toContain('still waits; now it would be kept by rest (rest)');
  const unknown = await run('explain', '2'.repeat(32), '--url', url);
  expect(unknown.code).toBe(2);
  expect(unknown.out).toContain('Of the last 50 decisions, the oldest is of 1970-01-01');
  const json = await run('explain', ID, '--url', url, '--json');
  expect(JSON.parse(json.out)).toEqual(decided);
});

test('explain says why it cannot ask', async () => {
  expect((await run('explain', 'abc')).err).toBe('abc is no trace id: 32 hex digits');
  const away = await run('explain', ID, '--url', 'http://127.0.0.1:1');
  expect(away).toMatchObject({ code: 1, err: expect.stringContaining('127.0.0.1:1') });
  const strange = await run('explain', '3'.repeat(32), '--url', url);
  expect(strange.err).toContain('answers 500');
});

test('a strange command or option is refused with a hint; each command has a help', async () => {
  expect(await run('chekc')).toMatchObject({
    code: 1,
    err: expect.stringContaining('mean check?'),
  });
  expect((await run('serve')).err).toContain('there are check, explain, schema');
  expect((await run('check', '--colour')).code).toBe(1);
  for (const name of ['check', 'explain', 'schema']) {
    expect((await run(name, '--help')).out).toContain(`flyball-collector ${name}`);
  }
  expect((await run()).code).toBeUndefined();
  expect((await run('--help')).code).toBeUndefined();
});

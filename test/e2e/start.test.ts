import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { overview } from '@flyball/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import { processesOn, takenPorts } from '../support/leftovers.ts';
import { Operator } from '../support/operator.ts';
import { choosePassword } from '../support/people.ts';
import { ROOT } from '../support/process.ts';
import { freePortBase } from '../support/stack.ts';
import { until } from '../support/until.ts';

/**
 * What a newcomer does with a terminal: start, sign in, start by mistake a second time, Ctrl-C,
 * start again. Told in order on one data directory, through the same script as `npm start`.
 */
const PASSWORD = 'a governor has two balls';
const READY_MS = 120_000;
const PORTS_NEEDED = 6;

let dataDir: string;
let portBase: number;
let dashboard: string;
let admin: Operator;
const started: Terminal[] = [];

/** `npm start` in a terminal of its own: Ctrl-C reaches all that run in its foreground. */
class Terminal {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  #text = '';

  constructor(options: readonly string[]) {
    const script = join(ROOT, 'infra', 'up', 'bootstrap.mjs');
    // What the caller's shell says of Flyball must not reach it.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(FLYBALL|OTEL)_/.test(name),
    );
    this.child = spawn('node', [script, 'start', '--no-build', ...options], {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#text += chunk;
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    started.push(this);
  }

  text(): string {
    return this.#text;
  }

  async ready(): Promise<void> {
    let early: number | string | undefined;
    this.ended.then((code) => {
      early = code;
    });
    await until('Flyball runs', READY_MS, () => {
      return this.#text.includes('Stop        Ctrl-C') || early !== undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}:\n${this.#text}`);
    });
    if (early !== undefined) throw new Error(`it ended with ${early}:\n${this.#text}`);
  }

  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-(this.child.pid ?? 0), name);
    } catch {
      // Everybody in it has gone.
    }
  }
}

const here = () => ['--data-dir', dataDir, '--port-base', String(portBase)];
const ports = () => Array.from({ length: PORTS_NEEDED }, (_, offset) => portBase + offset);

function running(): { supervisor: number; processes: Record<string, { pid: number }> } {
  return JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8'));
}

beforeAll(async () => {
  dataDir = temporaryDirectory();
  portBase = await freePortBase();
  dashboard = `http://127.0.0.1:${portBase}`;
  admin = new Operator(dashboard);
});

afterAll(async () => {
  for (const terminal of started) terminal.signal('SIGKILL');
  await until('nothing is left', 20_000, () => processesOn(dataDir).length === 0);
  removeDirectory(dataDir);
});

let terminal: Terminal;

test('npm start reaches a signed-in dashboard', async () => {
  terminal = new Terminal(here());
  await terminal.ready();
  const text = terminal.text();
  expect(text).toContain(`Dashboard   ${dashboard}`);
  expect(text).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${portBase + 3}`);
  expect(text).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf');
  expect(text).toMatch(/Data {8}\S/);
  const link = /Sign in {5}(http\S+)/.exec(text)?.[1] ?? '';
  expect(new URL(link).origin).toBe(dashboard);
  const page = await fetch(link, { signal: AbortSignal.timeout(20_000) });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');

  expect((await admin.send('GET', '/api/overview')).status).toBe(401);
  const session = await admin.redeem(link);
  expect(session.user).toMatchObject({
    username: 'admin',
    role: 'admin',
    mustChangePassword: true,
  });
  await admin.get('/api/overview', overview);
  await choosePassword(admin, PASSWORD);

  const again = await new Operator(dashboard).send('POST', '/api/auth/redeem', {
    token: new URL(link).searchParams.get('token'),
  });
  expect(again.status, 'a link signs in once').toBe(401);
}, 150_000);

test('a second start on the same data says so, and where', async () => {
  const second = new Terminal(['--data-dir', dataDir, '--port-base', String(await freePortBase())]);
  expect(await second.ended).toBe(1);
  expect(second.text()).toContain(`process ${running().supervisor}`);
  expect(second.text()).toContain(dashboard);
  await admin.get('/api/overview', overview);
}, 60_000);

test('a busy port names its holder and the way out', async () => {
  const other = temporaryDirectory();
  try {
    const second = new Terminal(['--data-dir', other, '--port-base', String(portBase)]);
    expect(await second.ended).toBe(1);
    const holder = running().processes.controller?.pid;
    expect(second.text()).toContain(`port ${portBase + 1} is taken by`);
    expect(second.text()).toContain(`(process ${holder})`);
    expect(second.text()).toMatch(/FLYBALL_CONTROLLER_PORT, or --port-base/);
  } finally {
    removeDirectory(other);
  }
}, 60_000);

test('Ctrl-C ends everything within ten seconds', async () => {
  const beganMs = performance.now();
  terminal.signal('SIGINT');
  expect(await terminal.ended).toBe(0);
  expect(performance.now() - beganMs).toBeLessThan(10_000);
  expect(processesOn(dataDir)).toEqual([]);
  expect(await takenPorts(ports())).toEqual([]);
}, 30_000);

test('started again it knows who has signed in, and asks for the password', async () => {
  terminal = new Terminal(here());
  await terminal.ready();
  expect(terminal.text()).toContain('Sign in     with your name and password');
  expect(terminal.text()).not.toContain('token=');
  // The session of before, with its CSRF token.
  await admin.get('/api/overview', overview);
  expect((await admin.send('PATCH', '/api/users/nobody', { role: 'viewer' })).status).toBe(404);
  const person = new Operator(dashboard);
  const wrong = { username: 'admin', password: 'not the password' };
  expect((await person.send('POST', '/api/auth/sign-in', wrong)).status).toBe(401);
  const session = await person.signIn('admin', PASSWORD);
  expect(session.user).toMatchObject({ username: 'admin', mustChangePassword: false });
  await person.get('/api/overview', overview);
}, 150_000);

test('a supervisor that is killed leaves nothing behind', async () => {
  const beganMs = performance.now();
  process.kill(running().supervisor, 'SIGKILL');
  await until('nothing is left', 30_000, () => processesOn(dataDir).length === 0);
  expect(performance.now() - beganMs).toBeLessThan(15_000);
  expect(await takenPorts(ports())).toEqual([]);
  expect(await terminal.ended).not.toBe(0);
}, 60_000);

test('after that it starts on the same data, and nobody has to sign in anew', async () => {
  terminal = new Terminal(here());
  await terminal.ready();
  await admin.get('/api/overview', overview);
  // The terminal window is closed.
  terminal.signal('SIGHUP');
  await terminal.ended;
  await until('nothing is left', 15_000, () => processesOn(dataDir).length === 0);
}, 150_000);

import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { startProgram } from '../support/process.ts';

const asRoot = process.getuid?.() === 0;

let directory: string;
const started: RunningPostgres[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  for (const { program, serverPid } of started.splice(0)) {
    await program.stop('SIGKILL');
    await gone(serverPid);
  }
  removeDirectory(directory);
});

async function start(): Promise<RunningPostgres> {
  const server = await startPostgres(directory);
  started.push(server);
  return server;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function gone(pid: number, withinMs = 15_000): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid) && performance.now() < deadline) await pause(20);
  return !isAlive(pid);
}

async function query(sql: string): Promise<unknown[]> {
  const { url } = JSON.parse(readFileSync(join(directory, 'postgres', 'connection.json'), 'utf8'));
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  it('makes a cluster, tells how to connect, and keeps its data over a restart', async () => {
    const first = await start();
    const file = join(directory, 'postgres', 'connection.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'postgres', 'password')).mode & 0o777).toBe(0o600);
    expect(await query('SELECT current_database() AS db')).toEqual([{ db: 'flyball' }]);
    await query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    const before = performance.now();
    expect(await first.program.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(8_000);
    expect(isAlive(first.serverPid)).toBe(false);
    expect(existsSync(file)).toBe(false);
    await start();
    expect(await query('SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it('refuses a wrong password', async () => {
    const { port } = await start();
    const client = new pg.Client({
      connectionString: `postgres://flyball:wrong@127.0.0.1:${port}/flyball`,
    });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  it('refuses a second start on one directory and names the owner', async () => {
    const { program } = await start();
    const second = startProgram('infra/embedded/postgres/src/main.ts', {
      FLYBALL_DATA_DIR: directory,
      FLYBALL_POSTGRES_PORT: '0',
    });
    const line = await second.line((entry) => entry.level >= 60);
    expect(line.msg).toContain(`process ${program.pid}`);
    expect(await second.ended).toBe(1);
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('says that a port is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, '127.0.0.1', resolve);
    });
    const port = (holder.address() as { port: number }).port;
    const program = startProgram('infra/embedded/postgres/src/main.ts', {
      FLYBALL_DATA_DIR: directory,
      FLYBALL_POSTGRES_PORT: String(port),
    });
    const line = await program.line((entry) => entry.level >= 60);
    expect(line.msg).toContain(`127.0.0.1:${port} is in use`);
    expect(await program.ended).toBe(1);
    holder.close();
  });

  it('leaves no server behind when it is killed, and recovers', async () => {
    const first = await start();
    await query('CREATE TABLE kept (id int)');
    for (let id = 0; id < 20; id++) await query(`INSERT INTO kept VALUES (${id})`);
    first.program.child.kill('SIGKILL');
    expect(await gone(first.serverPid)).toBe(true);
    await start();
    expect(await query('SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 20 }]);
  });

  it('can be started again at once after it was killed', async () => {
    const first = await start();
    await query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    first.program.child.kill('SIGKILL');
    await first.program.ended;
    const second = await start();
    expect(second.serverPid).not.toBe(first.serverPid);
    expect(await gone(first.serverPid, 100)).toBe(true);
    expect(await query('SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it('ends with 1 when the server is killed, and recovers at the next start', async () => {
    const first = await start();
    await query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    process.kill(first.serverPid, 'SIGKILL');
    expect(await first.program.ended).toBe(1);
    await start();
    expect(await query('SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it('is not held up by a lock file whose process id is somebody else by now', async () => {
    const first = await start();
    await query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    const lockFile = join(directory, 'postgres', 'cluster', 'postmaster.pid');
    const content = readFileSync(lockFile, 'utf8');
    await first.program.stop();
    writeFileSync(lockFile, content.replace(/^\d+/, String(process.pid)));
    await start();
    expect(await query('SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it('begins again when the first start was cut short', async () => {
    const program = startProgram('infra/embedded/postgres/src/main.ts', {
      FLYBALL_DATA_DIR: directory,
      FLYBALL_POSTGRES_PORT: '0',
    });
    const draft = join(directory, 'postgres', `cluster.new-${program.pid}`);
    while (!existsSync(join(draft, 'base')) && program.child.exitCode === null) await pause(5);
    await program.stop('SIGKILL');
    await start();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  if (asRoot)
    it('runs as another account, also from a directory closed to it', async () => {
      chmodSync(directory, 0o700);
      await start();
      await query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
      const home = readlinkSync(join(directory, 'postgres', 'elsewhere'));
      expect(statSync(join(home, 'cluster')).uid).not.toBe(0);
      for (const { program } of started.splice(0)) await program.stop();
      await start();
      expect(await query('SELECT id FROM kept')).toEqual([{ id: 1 }]);
      for (const { program } of started.splice(0)) await program.stop();
      expect(readdirSync(home)).toContain('cluster');
      removeDirectory(home);
    });
});

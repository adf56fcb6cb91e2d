import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  acquireDataLock,
  createLog,
  type DataLock,
  type Log,
  onTermination,
} from '@flyball/lifecycle';
import pg from 'pg';
import { DATABASE, keepCluster, keepPassword, USER } from './cluster.ts';
import { type Config, readConfig } from './config.ts';
import { choosePlace, type Place } from './place.ts';
import { clearOrphan, type Postmaster, startPostmaster } from './postmaster.ts';
import { findSoftware, type Software } from './software.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 6_000;
const START_ATTEMPTS = 5;

/** What others need to connect; also the content of `connection.json`. */
interface ConnectionFile {
  url: string;
  host: string;
  port: number;
  user: string;
  database: string;
  /** The program that wrote this file, so that a file left behind can be told from a new one. */
  pid: number;
}

/** Starts PostgreSQL and stops it on SIGTERM; ends with 1 when the server ends by itself. */
export async function run(env: NodeJS.ProcessEnv): Promise<void> {
  const log = createLog('postgres');
  let lock: DataLock | undefined;
  try {
    const config = readConfig(env);
    lock = acquireDataLock('The embedded PostgreSQL', config.dataDirectory);
    rmSync(connectionFile(config), { force: true });
    const place = choosePlace(config.dataDirectory);
    if (place.elsewhere) {
      const why = 'the data directory is closed to other accounts; the cluster lies elsewhere';
      log.warn({ cluster: place.cluster }, why);
    }
    const software = await findSoftware(place);
    const password = keepPassword(config.dataDirectory);
    if (await keepCluster(place, software, password)) log.info('made a new cluster');
    await clearOrphan(place, log);
    await serve(config, place, software, password, lock, log);
  } catch (error) {
    lock?.release();
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

function connectionFile(config: Config): string {
  return join(config.dataDirectory, 'connection.json');
}

async function serve(
  config: Config,
  place: Place,
  software: Software,
  password: string,
  lock: DataLock,
  log: Log,
): Promise<void> {
  let stopping = false;
  const { postmaster, port } = await startUntilReady(config, place, software, password, log);
  const connection: ConnectionFile = {
    url: urlOf(config.host, port, DATABASE, password),
    host: config.host,
    port,
    user: USER,
    database: DATABASE,
    pid: process.pid,
  };
  const file = connectionFile(config);
  writeFileSync(`${file}.new`, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  lock.note({ port });
  onTermination(async (signal) => {
    log.info({ signal }, 'stopping');
    stopping = true;
    rmSync(file, { force: true });
    await postmaster.stop(STOP_WITHIN_MS);
    lock.release();
    log.info('stopped');
  });
  log.info({ port, host: config.host, directory: place.cluster, pid: postmaster.pid }, 'listening');
  await postmaster.ended;
  if (stopping) return;
  log.fatal(`PostgreSQL ended by itself: ${postmaster.complaint() || 'it was killed'}`);
  lock.release();
  process.exit(1);
}

/**
 * After a crash the server's own children may need a moment to notice, and a free port may be
 * taken in between: a start that fails is tried again, a few times.
 */
async function startUntilReady(
  config: Config,
  place: Place,
  software: Software,
  password: string,
  log: Log,
): Promise<{ postmaster: Postmaster; port: number }> {
  let complaint = '';
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt++) {
    const port = config.port === 0 ? await freePort(config.host) : await mustBeFree(config);
    const postmaster = startPostmaster(place, software, { host: config.host, port }, log);
    let ready = false;
    try {
      ready = await becomesReady(postmaster, config.host, port, password);
      if (ready) return { postmaster, port };
    } finally {
      if (!ready) await postmaster.stop(STOP_WITHIN_MS);
    }
    complaint = postmaster.complaint();
    log.warn({ attempt, complaint }, 'PostgreSQL did not start');
    await pause(300 * attempt);
  }
  throw new Error(
    `PostgreSQL does not start on ${place.cluster}: ${complaint || 'no reason told'}`,
  );
}

async function becomesReady(
  postmaster: Postmaster,
  host: string,
  port: number,
  password: string,
): Promise<boolean> {
  let alive = true;
  postmaster.ended.then(() => {
    alive = false;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (alive && performance.now() < deadline) {
    if (await hasDatabase(host, port, password)) return true;
    await pause(50);
  }
  return false;
}

/** Connects and makes our database when it is missing. */
async function hasDatabase(host: string, port: number, password: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: urlOf(host, port, 'postgres', password),
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return true;
  } catch (error) {
    // 28P01: the password is wrong, which no waiting mends.
    if ((error as { code?: string }).code === '28P01') {
      throw new Error('The file "password" does not hold the password of this cluster.', {
        cause: error,
      });
    }
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf(host: string, port: number, database: string, password: string): string {
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const inUrl = local.includes(':') ? `[${local}]` : local;
  return `postgres://${USER}:${encodeURIComponent(password)}@${inUrl}:${port}/${database}`;
}

function freePort(host: string): Promise<number> {
  return listenBriefly(host, 0);
}

async function mustBeFree(config: Config): Promise<number> {
  try {
    return await listenBriefly(config.host, config.port);
  } catch (error) {
    const where = `${config.host}:${config.port}`;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw new Error(`Cannot listen on ${where}: ${message}`);
    throw new Error(`${where} is in use by another process; set FLYBALL_POSTGRES_PORT.`);
  }
}

function listenBriefly(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(taken));
    });
  });
}

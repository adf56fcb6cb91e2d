import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  acquireDataLock,
  createLog,
  type DataLock,
  type Log,
  onTermination,
} from '@flyball/lifecycle';
import { type Config, readConfig } from './config.ts';
import { type Engine, openEngine } from './engine.ts';
import { createGate, type Gate } from './gate.ts';
import { createBodyBudget } from './http/body.ts';
import { createHandler } from './http/handler.ts';

const FINISH_WITHIN_MS = 5_000;
const POLL_MS = 20;

/** Starts the server and stops it on SIGTERM: what runs may finish, what waits is refused. */
export async function run(env: NodeJS.ProcessEnv): Promise<void> {
  const log = createLog('clickhouse');
  let lock: DataLock | undefined;
  try {
    const config = readConfig(env);
    lock = acquireDataLock('The embedded ClickHouse', config.dataDirectory);
    // The engine's files are readable by all: what users did is in them.
    chmodSync(config.dataDirectory, 0o700);
    const engine = await openEngine(config.dataDirectory);
    const gate = createGate(config.limits);
    const shutdown = new AbortController();
    const server = await listen(config, engine, gate, log, shutdown.signal);
    const { port } = server.address() as AddressInfo;
    lock.note({ port });
    const directory = config.dataDirectory;
    log.info({ port, host: config.host, directory, version: engine.version }, 'listening');
    const held = lock;
    onTermination(async (signal) => {
      log.info({ signal, running: gate.running }, 'stopping');
      await stop(server, gate, shutdown);
      engine.close();
      held.release();
      log.info('stopped');
    });
  } catch (error) {
    lock?.release();
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

function listen(
  config: Config,
  engine: Engine,
  gate: Gate,
  log: Log,
  shutdown: AbortSignal,
): Promise<Server> {
  const budget = createBodyBudget(config.limits.bodiesBytes);
  // Statements and parameters travel in the URL.
  const server = createServer({ maxHeaderSize: 1024 * 1024, keepAliveTimeout: 30_000 });
  server.maxConnections = 1024;
  server.on('request', createHandler({ engine, gate, budget, config, log, shutdown }));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${config.host}:${config.port}`;
      const inUse = `${where} is in use by another process; set FLYBALL_CLICKHOUSE_PORT.`;
      reject(error.code === 'EADDRINUSE' ? new Error(inUse) : error);
    });
    server.listen(config.port, config.host, () => resolve(server));
  });
}

async function stop(server: Server, gate: Gate, shutdown: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  gate.close();
  await until(() => gate.running === 0, FINISH_WITHIN_MS);
  shutdown.abort(new Error('the server is shutting down'));
  await until(() => gate.running === 0, FINISH_WITHIN_MS / 5);
  server.closeIdleConnections();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
  server.closeAllConnections();
}

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

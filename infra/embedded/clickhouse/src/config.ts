import { join, resolve } from 'node:path';

/** One user of the HTTP interface. */
export interface Account {
  user: string;
  password: string;
  /** A reader may only look: no writes, no KILL, limits can be lowered but not raised. */
  reader: boolean;
}

export interface Config {
  host: string;
  /** 0 = any free port. */
  port: number;
  dataDirectory: string;
  accounts: Account[];
  limits: Limits;
}

/** Every queue, body and answer has a bound. */
export interface Limits {
  /** Queries running at once; one more waits. */
  runningQueries: number;
  /** Queries waiting for a place; one more is answered 503. */
  waitingQueries: number;
  queueWaitMs: number;
  /** One body, after decompression. */
  bodyBytes: number;
  /** All bodies held in memory at once. */
  bodiesBytes: number;
  /** One answer, as the engine counts it. */
  resultBytes: number;
  /** Memory of one query. */
  queryMemoryBytes: number;
  executionSeconds: number;
}

const MIB = 1024 * 1024;

/**
 * Reads the environment.
 *
 * @throws Error naming the variable, its value and what it may be
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const host = env.FLYBALL_HOST || '127.0.0.1';
  const accounts = readAccounts(env);
  if (!isLoopback(host) && accounts.some((account) => account.password === '')) {
    throw new Error(
      `FLYBALL_HOST is ${host}, which others can reach, and FLYBALL_CLICKHOUSE_PASSWORD is not ` +
        'set. Set a password, or listen on 127.0.0.1.',
    );
  }
  return {
    host,
    port: integer(env, 'FLYBALL_CLICKHOUSE_PORT', 8123, 0, 65_535),
    dataDirectory: resolve(join(env.FLYBALL_DATA_DIR || '.flyball', 'clickhouse')),
    accounts,
    limits: readLimits(env),
  };
}

function readAccounts(env: NodeJS.ProcessEnv): Account[] {
  const owner: Account = {
    user: env.FLYBALL_CLICKHOUSE_USER || 'default',
    password: env.FLYBALL_CLICKHOUSE_PASSWORD ?? '',
    reader: false,
  };
  const password = env.FLYBALL_CLICKHOUSE_READONLY_PASSWORD;
  if (!password) return [owner];
  const user = env.FLYBALL_CLICKHOUSE_READONLY_USER || 'reader';
  if (user === owner.user) {
    throw new Error(`FLYBALL_CLICKHOUSE_READONLY_USER is "${user}", which is the owner's name.`);
  }
  return [owner, { user, password, reader: true }];
}

function readLimits(env: NodeJS.ProcessEnv): Limits {
  const pool = integer(env, 'UV_THREADPOOL_SIZE', 32, 4, 1024);
  return {
    // A quarter of the pool is kept for compression, file access and KILL.
    runningQueries: integer(
      env,
      'FLYBALL_CLICKHOUSE_MAX_QUERIES',
      Math.min(16, Math.floor((pool * 3) / 4)),
      1,
      Math.floor((pool * 3) / 4),
    ),
    waitingQueries: integer(env, 'FLYBALL_CLICKHOUSE_MAX_WAITING', 256, 0, 100_000),
    queueWaitMs: integer(env, 'FLYBALL_CLICKHOUSE_QUEUE_WAIT_MS', 30_000, 1, 600_000),
    bodyBytes: integer(env, 'FLYBALL_CLICKHOUSE_MAX_BODY_BYTES', 128 * MIB, 1024, 1024 * MIB),
    bodiesBytes: integer(env, 'FLYBALL_CLICKHOUSE_MAX_BODIES_BYTES', 512 * MIB, 1024, 8192 * MIB),
    resultBytes: integer(env, 'FLYBALL_CLICKHOUSE_MAX_RESULT_BYTES', 256 * MIB, 1024, 1024 * MIB),
    queryMemoryBytes: integer(
      env,
      'FLYBALL_CLICKHOUSE_MAX_MEMORY_BYTES',
      2048 * MIB,
      MIB,
      1024 * 1024 * MIB,
    ),
    executionSeconds: integer(env, 'FLYBALL_CLICKHOUSE_MAX_SECONDS', 60, 1, 86_400),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function integer(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} is "${text}"; it must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

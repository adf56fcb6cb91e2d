import { join, resolve } from 'node:path';

export interface Config {
  host: string;
  /** 0 = any free port. */
  port: number;
  dataDirectory: string;
}

/**
 * Reads the environment.
 *
 * @throws Error naming the variable, its value and what it may be
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const text = env.FLYBALL_POSTGRES_PORT || '5432';
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`FLYBALL_POSTGRES_PORT is "${text}"; it must be a whole number up to 65535.`);
  }
  return {
    host: env.FLYBALL_HOST || '127.0.0.1',
    port,
    dataDirectory: resolve(join(env.FLYBALL_DATA_DIR || '.flyball', 'postgres')),
  };
}

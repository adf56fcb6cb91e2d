import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  createClient as createOfficialClient,
} from '@clickhouse/client';
import { type RunningProgram, startProgram } from './process.ts';

/** The embedded ClickHouse as a real process on a free port. */
export interface RunningClickHouse {
  url: string;
  program: RunningProgram;
}

/** A new directory for data; the caller removes it with {@link removeDirectory}. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'flyball test '));
  // Open to be walked through, as a checkout is: run by root, PostgreSQL works under another name.
  chmodSync(directory, 0o711);
  return directory;
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

export async function startClickHouse(
  dataDirectory: string,
  env: NodeJS.ProcessEnv = {},
): Promise<RunningClickHouse> {
  const program = startProgram('infra/embedded/clickhouse/src/main.ts', {
    FLYBALL_DATA_DIR: dataDirectory,
    FLYBALL_CLICKHOUSE_PORT: '0',
    ...env,
  });
  const line = await program.line((entry) => entry.msg === 'listening');
  return { url: `http://127.0.0.1:${line.port}`, program };
}

/** The official client, silent: tests expect errors and look at them themselves. */
export function createClient(
  options: Parameters<typeof createOfficialClient>[0] = {},
): ClickHouseClient {
  return createOfficialClient({ log: { level: ClickHouseLogLevel.OFF }, ...options });
}

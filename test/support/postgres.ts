import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningProgram, startProgram } from './process.ts';

/** The embedded PostgreSQL as a real process on a free port. */
export interface RunningPostgres {
  program: RunningProgram;
  port: number;
  /** The server itself, a child of the program. */
  serverPid: number;
}

export async function startPostgres(
  dataDirectory: string,
  env: NodeJS.ProcessEnv = {},
): Promise<RunningPostgres> {
  const program = startProgram('infra/embedded/postgres/src/main.ts', {
    FLYBALL_DATA_DIR: dataDirectory,
    FLYBALL_POSTGRES_PORT: '0',
    ...env,
  });
  const line = await program.line((entry) => entry.msg === 'listening');
  return { program, port: Number(line.port), serverPid: Number(line.pid) };
}

/** Where a PostgreSQL that was started on this directory is reached. */
export function databaseUrl(dataDirectory: string): string {
  const file = join(dataDirectory, 'postgres', 'connection.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
}

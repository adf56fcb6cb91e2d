import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createClient,
  type RunningClickHouse,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { type RunningProgram, startProgram } from '../support/process.ts';
import { until } from '../support/until.ts';

/** Short times, so that tests need not wait; everything else as shipped. */
export const QUICK = `window: { delay: 100ms, timeout: 1s }
spool: { blockAge: 100ms }
`;

export interface RunningCollector {
  readonly program: RunningProgram;
  readonly http: string;
  readonly grpcPort: number;
  /** Value of one of its own metrics, 0 when it has not counted yet. */
  metric(series: string): Promise<number>;
}

export interface CollectorOptions {
  readonly directory: string;
  readonly clickhouseUrl: string;
  readonly config?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A real collector on free ports. */
export async function startCollector(options: CollectorOptions): Promise<RunningCollector> {
  mkdirSync(options.directory, { recursive: true });
  const configFile = join(options.directory, 'collector.yaml');
  writeFileSync(configFile, options.config ?? QUICK);
  const program = startProgram('apps/collector/src/main.ts', {
    FLYBALL_HOST: '127.0.0.1',
    FLYBALL_OTLP_GRPC_PORT: '0',
    FLYBALL_OTLP_HTTP_PORT: '0',
    FLYBALL_DATA_DIR: options.directory,
    FLYBALL_COLLECTOR_CONFIG: configFile,
    CLICKHOUSE_URL: options.clickhouseUrl,
    ...options.env,
  });
  const line = await program.line((entry) => entry.msg === 'listening');
  const http = `http://127.0.0.1:${line.httpPort}`;
  return {
    program,
    http,
    grpcPort: Number(line.grpcPort),
    async metric(series) {
      const text = await (await fetch(`${http}/metrics`)).text();
      const found = text.split('\n').find((one) => one.startsWith(`${series} `));
      return found === undefined ? 0 : Number(found.slice(series.length + 1));
    },
  };
}

export interface Stack {
  readonly directory: string;
  readonly clickhouse: RunningClickHouse;
  readonly collector: RunningCollector;
  /** Rows of a query, once `enough` holds. */
  rows<T>(query: string, enough?: (rows: T[]) => boolean, withinMs?: number): Promise<T[]>;
  stop(): Promise<void>;
}

/** An embedded ClickHouse and a collector that writes to it. */
export async function startStack(
  options: Pick<CollectorOptions, 'config' | 'env'> = {},
): Promise<Stack> {
  const directory = temporaryDirectory();
  const clickhouse = await startClickHouse(directory);
  const client = createClient({ url: clickhouse.url });
  const collector = await startCollector({ directory, clickhouseUrl: clickhouse.url, ...options });
  return {
    directory,
    clickhouse,
    collector,
    rows<T>(query: string, enough = (rows: T[]) => rows.length > 0, withinMs = 20_000) {
      return until(query, withinMs, async () => {
        const result = await client.query({ query, format: 'JSONEachRow' });
        const rows = await result.json<T>();
        return enough(rows) ? rows : undefined;
      });
    },
    async stop() {
      await client.close();
      await collector.program.stop('SIGKILL');
      await clickhouse.program.stop('SIGKILL');
      removeDirectory(directory);
    },
  };
}

let nextId = 0;

/** An id of `bytes` bytes that no other call of this process returns, in hex. */
export function hexId(bytes: 8 | 16): string {
  nextId += 1;
  const text = process.pid.toString(16).padStart(8, '0') + nextId.toString(16).padStart(8, '0');
  return text.padStart(2 * bytes, 'f').slice(-2 * bytes);
}

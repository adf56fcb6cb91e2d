import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeDirectory, temporaryDirectory } from '../../support/clickhouse.ts';
import { startProgram } from '../../support/process.ts';
import { endWithUs, removeWithUs } from './ending.ts';
import { type Usage, usageOf } from './probe.ts';

/** A collector in a process of its own, to be loaded and measured. */
export interface BenchCollector {
  readonly pid: number;
  readonly grpc: string;
  readonly http: string;
  usage(): Usage;
  /** Its own counters and gauges whose name begins with `name`, by series. */
  metrics(name: string): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

export interface BenchCollectorOptions {
  /** Configuration, as YAML; without it the collector runs as it is shipped. */
  readonly config?: string;
  /** ClickHouse; without it one that takes everything and drops it. */
  readonly clickhouseUrl?: string;
  readonly nodeOptions?: string;
}

async function startDropClickHouse(): Promise<{ url: string; child: ChildProcess }> {
  const child = endWithUs(fork(join(import.meta.dirname, 'drop-clickhouse.ts')));
  const [port] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, child };
}

async function readMetrics(url: string, name: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))] as const;
    }),
  );
}

/** Starts the collector from its sources, on free ports and with a spool of its own. */
export async function startBenchCollector(
  options: BenchCollectorOptions = {},
): Promise<BenchCollector> {
  const directory = removeWithUs(temporaryDirectory());
  const store = options.clickhouseUrl === undefined ? await startDropClickHouse() : undefined;
  const configFile = join(directory, 'collector.yaml');
  writeFileSync(configFile, options.config ?? '');
  const program = startProgram('apps/collector/src/main.ts', {
    FLYBALL_HOST: '127.0.0.1',
    FLYBALL_OTLP_GRPC_PORT: '0',
    FLYBALL_OTLP_HTTP_PORT: '0',
    FLYBALL_DATA_DIR: directory,
    CLICKHOUSE_URL: options.clickhouseUrl ?? store?.url ?? '',
    FLYBALL_COLLECTOR_CONFIG: options.config === undefined ? '' : configFile,
    LOG_LEVEL: 'info',
    ...(options.nodeOptions === undefined ? {} : { NODE_OPTIONS: options.nodeOptions }),
  });
  endWithUs(program.child);
  const stop = async () => {
    await program.stop('SIGTERM', 30_000);
    store?.child.kill('SIGKILL');
    removeDirectory(directory);
  };
  try {
    const line = await program.line((entry) => entry.msg === 'listening');
    const http = `http://127.0.0.1:${line.httpPort}`;
    return {
      pid: program.pid,
      http,
      grpc: `http://127.0.0.1:${line.grpcPort}`,
      usage: () => usageOf(program.pid),
      metrics: (name) => readMetrics(http, name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

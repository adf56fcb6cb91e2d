#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { type Logger, pino } from 'pino';
import { COMMAND_LINES, runCommand } from './cli/main.ts';
import { type Environment, readEnvironment } from './config/environment.ts';
import { configFor, faultText } from './config/file.ts';
import { watchConfig } from './config/watch.ts';
import type { Running } from './run.ts';
import { startWorkers } from './scale/workers.ts';
import { onCrash } from './self/faults.ts';
import { collectLessOften } from './self/heap.ts';
import { runSingle } from './single.ts';

const HELP = `flyball-collector: takes OTLP in, measures all of it, keeps what matters

  flyball-collector
      run
${COMMAND_LINES}
  flyball-collector [COMMAND] --help

Environment (defaults in brackets):
  FLYBALL_HOST               address to bind [127.0.0.1]
  FLYBALL_OTLP_GRPC_PORT     OTLP/gRPC [4317]
  FLYBALL_OTLP_HTTP_PORT     OTLP/HTTP, /health and /metrics [4318]
  FLYBALL_DATA_DIR           the spool is kept in collector/spool below it [.flyball]
  FLYBALL_COLLECTOR_CONFIG   configuration file [built-in defaults]
  FLYBALL_CLICKHOUSE_PORT    port of the embedded ClickHouse [8123]
  CLICKHOUSE_URL             http://user:password@host:port/database [the embedded one]
  FLYBALL_GUARD_TOKEN        lets the controller post sampling boosts, and collectors share traces
  FLYBALL_COLLECTOR_ADVERTISE  share traces; how others reach us, e.g. http://10.0.0.5:4318
  DATABASE_URL               PostgreSQL, where collectors that share traces find each other
  CLICKHOUSE_CLUSTER         name of a ClickHouse cluster: tables are replicated and distributed
  FLYBALL_RETENTION_DAYS     how long ClickHouse keeps telemetry [sink.retentionDays, 7]
  LOG_LEVEL                  trace, debug, info, warn, error or fatal [info]
`;

/** Longer than every phase of a stop together. */
const STOP_WITHIN_MS = 7900;

/** Reads the file again when it changes; one with a fault is refused, and the old one stays. */
function follow(running: Running, { configFile }: Environment, log: Logger): () => void {
  if (configFile === undefined) return () => {};
  return watchConfig(configFile, {
    changed: (config) => running.reload(config),
    refused: (faults) =>
      log.error({ faults: faults.map(faultText) }, 'configuration refused; the old one stays'),
  });
}

/** Stops once, whoever asks first, and ends the process with `code`. */
function stopper(log: Logger, stop: () => Promise<void>): (code: number) => void {
  let stopping = false;
  return (code) => {
    if (stopping) return;
    stopping = true;
    log.info('stopping');
    setTimeout(() => {
      log.fatal('the stop took too long; what is in the spool is sent at the next start');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    stop().then(
      () => process.exit(code),
      (error: Error) => {
        log.fatal({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
}

async function start(): Promise<number | undefined> {
  collectLessOften();
  const environment = readEnvironment(process.env);
  const name = 'collector';
  const log = pino({ name, base: { name }, level: environment.logLevel });
  const result = configFor(environment.configFile);
  if (!result.ok) {
    log.fatal({ faults: result.faults.map(faultText) }, 'the configuration has faults');
    return 1;
  }
  const setup = { environment, config: result.config, log };
  const exit = () => process.exit(1);
  let end: ((code: number) => void) | undefined;
  onCrash(process, log, () => (end === undefined ? exit() : end(1)), exit);
  const crashed = (error: Error) => {
    log.fatal({ err: error }, 'a worker crashed; the others stop');
    end?.(1);
  };
  const running =
    result.config.workers === 1 ? await runSingle(setup) : await startWorkers(setup, crashed);
  const unfollow = follow(running, environment, log);
  const stop = stopper(log, async () => {
    unfollow();
    await running.stop();
  });
  end = stop;
  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
  // Said last: who reads it may send a signal at once.
  const { httpPort, grpcPort } = running;
  log.info({ httpPort, grpcPort }, 'listening');
  return undefined;
}

async function main(): Promise<number | undefined> {
  const out = (line: string) => process.stdout.write(`${line}\n`);
  const err = (line: string) => process.stderr.write(`${line}\n`);
  const args = process.argv.slice(2);
  const code = await runCommand({ args, environment: process.env, out, err });
  if (code !== undefined) return code;
  const { values } = parseArgs({ args, options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help !== true) return start();
  process.stdout.write(HELP);
  return 0;
}

main().then(
  (code) => {
    if (code !== undefined) process.exit(code);
  },
  (error: Error) => {
    process.stderr.write(`flyball-collector: ${error.message}\n`);
    process.exit(1);
  },
);

#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createCollector } from './collector.ts';
import { type Environment, readEnvironment } from './config/environment.ts';
import { type ConfigResult, defaultConfig, faultText, readConfig } from './config/file.ts';
import { run } from './run.ts';

const HELP = `flyball-collector: takes OTLP in, measures all of it, keeps what matters

  flyball-collector                run
  flyball-collector --check FILE   check a configuration file and say what is wrong
  flyball-collector --help

Environment (defaults in brackets):
  FLYBALL_HOST               address to bind [127.0.0.1]
  FLYBALL_OTLP_GRPC_PORT     OTLP/gRPC [4317]
  FLYBALL_OTLP_HTTP_PORT     OTLP/HTTP, /health and /metrics [4318]
  FLYBALL_DATA_DIR           the spool is kept in collector/spool below it [.flyball]
  FLYBALL_COLLECTOR_CONFIG   configuration file [built-in defaults]
  FLYBALL_CLICKHOUSE_PORT    port of the embedded ClickHouse [8123]
  CLICKHOUSE_URL             http://user:password@host:port/database [the embedded one]
  FLYBALL_GUARD_TOKEN        lets the controller post sampling boosts
  LOG_LEVEL                  trace, debug, info, warn, error or fatal [info]
`;

/** Longer than every phase of a stop together. */
const STOP_WITHIN_MS = 7900;

function check(file: string): number {
  const result = readConfig(file);
  if (result.ok) {
    process.stdout.write(`${file} is good: ${result.config.sampling.rules.length} rules\n`);
    return 0;
  }
  for (const fault of result.faults) process.stderr.write(`${faultText(fault)}\n`);
  return 1;
}

function configOf(environment: Environment): ConfigResult {
  const { configFile } = environment;
  return configFile === undefined ? { ok: true, config: defaultConfig() } : readConfig(configFile);
}

async function start(): Promise<number | undefined> {
  const environment = readEnvironment(process.env);
  const name = 'collector';
  const log = pino({ name, base: { name }, level: environment.logLevel });
  const result = configOf(environment);
  if (!result.ok) {
    log.fatal({ faults: result.faults.map(faultText) }, 'the configuration has faults');
    return 1;
  }
  const collector = createCollector({ environment, config: result.config, log });
  const running = await run(collector);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    log.info('stopping');
    setTimeout(() => {
      log.fatal('the stop took too long; what is in the spool is sent at the next start');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    running.stop().then(
      () => process.exit(0),
      (error: Error) => {
        log.fatal({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return undefined;
}

async function main(): Promise<number | undefined> {
  const { values } = parseArgs({
    options: { help: { type: 'boolean', short: 'h' }, check: { type: 'string' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  return values.check === undefined ? start() : check(values.check);
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

import { fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type InstanceEnvironment, toEnvironment } from '../process/environment.ts';
import type { FromChild } from '../process/messages.ts';
import type { ProcessEvents, RunningProcess } from './process.port.ts';

/** A child stops by itself within 4 s; this is for one that hangs. */
const KILL_AFTER_MS = 4_500;
const VERSION = '1.4.2';

/** Forks `service`, `gateway` or `load` with the standard OTEL_* settings of an instance. */
export function forkProcess(
  options: {
    program: 'service' | 'gateway' | 'load';
    settings: InstanceEnvironment;
    cacheDir: string;
    log: Logger;
  },
  events: ProcessEvents,
): RunningProcess {
  const { program, settings, log } = options;
  const here = fileURLToPath(import.meta.url);
  const entry = path.join(path.dirname(here), '..', program, `main${path.extname(here)}`);
  const child = fork(entry, [], {
    env: {
      ...process.env,
      ...telemetryEnvironment(settings),
      ...toEnvironment(settings),
      NODE_COMPILE_CACHE: options.cacheDir,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    events.onExit();
  };
  child.on('message', (message) => events.onMessage(message as FromChild));
  child.on('error', (error) => {
    log.error({ err: error, instance: settings.instance }, 'a process could not be run');
    if (child.pid === undefined) end();
  });
  child.on('exit', end);
  return {
    pid: child.pid,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    stop: () => {
      if (ended) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      child.once('exit', () => clearTimeout(timer));
    },
  };
}

function telemetryEnvironment(settings: InstanceEnvironment): Record<string, string> {
  const env = process.env;
  const own = [
    `service.instance.id=${settings.instance}`,
    `service.version=${VERSION}`,
    'service.namespace=shop',
    'deployment.environment.name=demo',
  ];
  const given = env.OTEL_RESOURCE_ATTRIBUTES;
  return {
    OTEL_SERVICE_NAME: settings.service,
    OTEL_RESOURCE_ATTRIBUTES: (given ? [given, ...own] : own).join(','),
    OTEL_NODE_RESOURCE_DETECTORS: env.OTEL_NODE_RESOURCE_DETECTORS ?? 'env,host',
    OTEL_EXPORTER_OTLP_ENDPOINT: env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'http://127.0.0.1:4318',
    OTEL_EXPORTER_OTLP_PROTOCOL: env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf',
    OTEL_METRIC_EXPORT_INTERVAL: env.OTEL_METRIC_EXPORT_INTERVAL ?? '2000',
    OTEL_METRIC_EXPORT_TIMEOUT: env.OTEL_METRIC_EXPORT_TIMEOUT ?? '2000',
    OTEL_BSP_SCHEDULE_DELAY: env.OTEL_BSP_SCHEDULE_DELAY ?? '1000',
    OTEL_TRACES_EXPORTER: env.OTEL_TRACES_EXPORTER ?? 'otlp',
    OTEL_METRICS_EXPORTER: env.OTEL_METRICS_EXPORTER ?? 'otlp',
    OTEL_LOGS_EXPORTER: env.OTEL_LOGS_EXPORTER ?? 'none',
  };
}

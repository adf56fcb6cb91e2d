import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Options, PortName } from './options.ts';
import type { Secrets } from './secrets.ts';

/** Whether a process answers; rejects or resolves false while it does not. */
export type HealthCheck = () => Promise<boolean>;

export interface ProcessPlan {
  readonly name: string;
  readonly title: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Read when the process starts: an earlier one may decide a value. */
  readonly env: () => Record<string, string>;
  readonly ports: readonly PortName[];
  readonly ready: HealthCheck;
  readonly readyWithinMs: number;
  /** Told at once to end, it may take this long. */
  readonly stopWithinMs: number;
}

const PROBE_MS = 2_000;

function httpReady(url: string): HealthCheck {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.body?.cancel();
    return response.ok;
  };
}

function tcpReady(host: string, port: number): HealthCheck {
  return () =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: PROBE_MS });
      const end = (open: boolean) => {
        socket.destroy();
        resolve(open);
      };
      socket.once('connect', () => end(true));
      socket.once('timeout', () => end(false));
      socket.once('error', () => end(false));
    });
}

/** Where a browser or a client on this machine reaches a listener. */
export function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

function databaseUrl(options: Options): string {
  if (options.databaseUrl !== null) return options.databaseUrl;
  const file = join(options.dataDir, 'postgres', 'connection.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
}

/** The processes in the order in which they start; they stop in the reverse order. */
export function planOf(options: Options, secrets: Secrets, env: NodeJS.ProcessEnv): ProcessPlan[] {
  const { root, ports, host, dataDir } = options;
  const local = reachable(host);
  const at = (port: PortName, path = '') => `http://${local}:${ports[port]}${path}`;
  const common = commonEnvironment(options, secrets);
  const controllerEnv = () => ({
    ...common,
    DATABASE_URL: databaseUrl(options),
    FLYBALL_POLICIES: options.policies ?? defaultPolicies(options),
    OTEL_EXPORTER_OTLP_ENDPOINT: env.OTEL_EXPORTER_OTLP_ENDPOINT ?? at('otlpHttp'),
  });
  const base = {
    args: [],
    cwd: root,
    env: () => common,
    readyWithinMs: 60_000,
    stopWithinMs: 8_000,
  };
  const plans: ProcessPlan[] = [
    {
      ...base,
      name: 'clickhouse',
      title: 'ClickHouse (embedded)',
      script: 'infra/embedded/clickhouse/dist/main.js',
      ports: ['clickhouse'],
      ready: httpReady(at('clickhouse', '/ping')),
    },
    {
      ...base,
      name: 'postgres',
      title: 'PostgreSQL (embedded)',
      script: 'infra/embedded/postgres/dist/main.js',
      ports: ['postgres'],
      ready: tcpReady(local, ports.postgres),
    },
    {
      ...base,
      name: 'collector',
      title: 'Collector',
      script: 'apps/collector/dist/main.js',
      ports: ['otlpGrpc', 'otlpHttp'],
      ready: httpReady(at('otlpHttp', '/health/ready')),
    },
    {
      ...base,
      name: 'controller',
      title: 'Controller',
      script: 'apps/controller/dist/main.js',
      env: controllerEnv,
      ports: ['controller'],
      ready: httpReady(at('controller', '/health/ready')),
    },
    {
      ...base,
      name: 'dashboard',
      title: 'Dashboard',
      script: 'node_modules/next/dist/bin/next',
      args: ['start', '-p', String(ports.dashboard), '-H', host],
      cwd: join(root, 'apps', 'dashboard'),
      ports: ['dashboard'],
      ready: httpReady(at('dashboard', '/health')),
    },
  ];
  if (options.verb === 'demo') {
    plans.push({
      ...base,
      name: 'demo',
      title: 'Demo shop',
      script: 'infra/demo/dist/main.js',
      env: () => ({ ...common, OTEL_EXPORTER_OTLP_ENDPOINT: at('otlpHttp') }),
      ports: ['demo', 'demoGateway'],
      ready: httpReady(at('demoGateway', '/health/ready')),
    });
  }
  const own = { clickhouse: options.clickhouseUrl, postgres: options.databaseUrl };
  return plans
    .filter(({ name }) => !(name in own) || own[name as keyof typeof own] === null)
    .map((plan) => ({ ...plan, env: () => ({ ...plan.env(), FLYBALL_DATA_DIR: dataDir }) }));
}

function defaultPolicies({ verb, root }: Options): string {
  return verb === 'demo' ? join(root, 'infra', 'demo', 'policies') : join(root, 'policies');
}

function commonEnvironment(options: Options, secrets: Secrets): Record<string, string> {
  const { ports, host } = options;
  const local = reachable(host);
  return {
    NODE_ENV: 'production',
    FLYBALL_HOST: host,
    FLYBALL_DASHBOARD_PORT: String(ports.dashboard),
    FLYBALL_CONTROLLER_PORT: String(ports.controller),
    FLYBALL_OTLP_GRPC_PORT: String(ports.otlpGrpc),
    FLYBALL_OTLP_HTTP_PORT: String(ports.otlpHttp),
    FLYBALL_CLICKHOUSE_PORT: String(ports.clickhouse),
    FLYBALL_POSTGRES_PORT: String(ports.postgres),
    FLYBALL_DEMO_PORT: String(ports.demo),
    FLYBALL_DEMO_GATEWAY_PORT: String(ports.demoGateway),
    FLYBALL_GUARD_TOKEN: secrets.guardToken,
    CLICKHOUSE_URL: options.clickhouseUrl ?? `http://${local}:${ports.clickhouse}`,
    CONTROLLER_URL: `http://${local}:${ports.controller}`,
  };
}

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Options, PortName } from './options.ts';
import type { Secrets } from './secrets.ts';

/** Whether the process with this id answers; rejects or resolves false while it does not. */
export type HealthCheck = (pid: number) => Promise<boolean>;

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
  /** Lower ranks stop first: what asks before what answers, the stores last. */
  readonly stopRank: 0 | 1 | 2;
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

/** What the embedded PostgreSQL leaves for others once it takes queries. */
function postgresConnection(options: Options): { url: string; pid: number } {
  const file = join(options.dataDir, 'postgres', 'connection.json');
  return JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number };
}

/** Ready once this very process has left its file: an older server may still hold the port. */
function postgresReady(options: Options): HealthCheck {
  const { host, ports } = options;
  const open = tcpReady(reachable(host), ports.postgres);
  return async (pid) => postgresConnection(options).pid === pid && (await open(pid));
}

function databaseUrl(options: Options): string {
  return options.databaseUrl ?? postgresConnection(options).url;
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
    stopRank: 1 as const,
  };
  const plans: ProcessPlan[] = [
    {
      ...base,
      name: 'clickhouse',
      title: 'ClickHouse (embedded)',
      script: 'infra/embedded/clickhouse/dist/main.js',
      ports: ['clickhouse'],
      ready: httpReady(at('clickhouse', '/ping')),
      stopRank: 2,
    },
    {
      ...base,
      name: 'postgres',
      title: 'PostgreSQL (embedded)',
      script: 'infra/embedded/postgres/dist/main.js',
      ports: ['postgres'],
      ready: postgresReady(options),
      stopRank: 2,
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
      stopRank: 0,
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
      ready: httpReady(at('demo', '/health/ready')),
      stopRank: 0,
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
  const { ports, host, logLevel } = options;
  const local = reachable(host);
  const clickhouse = `flyball:${secrets.clickhousePassword}@${local}:${ports.clickhouse}`;
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
    FLYBALL_LOG_LEVEL: logLevel,
    LOG_LEVEL: logLevel,
    FLYBALL_GUARD_TOKEN: secrets.guardToken,
    FLYBALL_CLICKHOUSE_USER: 'flyball',
    FLYBALL_CLICKHOUSE_PASSWORD: secrets.clickhousePassword,
    CLICKHOUSE_URL: options.clickhouseUrl ?? `http://${clickhouse}`,
    CONTROLLER_URL: `http://${local}:${ports.controller}`,
  };
}

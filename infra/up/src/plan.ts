import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HealthCheck, httpReady, tcpReady } from './health-check.ts';
import type { Options, PortName } from './options.ts';
import type { Secrets } from './secrets.ts';

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

/** Where a browser or a client on this machine reaches a listener. */
export function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** The same in a URL, where an IPv6 address stands in brackets. */
export function reachableInUrl(host: string): string {
  const local = reachable(host);
  return local.includes(':') ? `[${local}]` : local;
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

/** What the plans are made of. */
interface Parts {
  readonly options: Options;
  readonly common: Record<string, string>;
  readonly at: (port: PortName, path?: string) => string;
  readonly base: Pick<ProcessPlan, 'args' | 'cwd' | 'env' | 'readyWithinMs' | 'stopRank'>;
}

/** The processes in the order in which they start; they stop in the reverse order. */
export function planOf(options: Options, secrets: Secrets): ProcessPlan[] {
  const local = reachableInUrl(options.host);
  const common = commonEnvironment(options, secrets);
  const parts: Parts = {
    options,
    common,
    at: (port, path = '') => `http://${local}:${options.ports[port]}${path}`,
    base: { args: [], cwd: options.root, env: () => common, readyWithinMs: 60_000, stopRank: 1 },
  };
  const plans = [...storePlans(parts), ...appPlans(parts)];
  if (options.verb === 'demo') plans.push(demoPlan(parts));
  return plans;
}

/** The embedded stores, but for those that the user has of their own. */
function storePlans({ options, at, base }: Parts): ProcessPlan[] {
  const clickhouse: ProcessPlan = {
    ...base,
    name: 'clickhouse',
    title: 'ClickHouse (embedded)',
    script: 'infra/embedded/clickhouse/dist/main.js',
    ports: ['clickhouse'],
    ready: httpReady(at('clickhouse', '/ping')),
    stopRank: 2,
  };
  const postgres: ProcessPlan = {
    ...base,
    name: 'postgres',
    title: 'PostgreSQL (embedded)',
    script: 'infra/embedded/postgres/dist/main.js',
    ports: ['postgres'],
    ready: postgresReady(options),
    stopRank: 2,
  };
  return [
    ...(options.clickhouseUrl === null ? [clickhouse] : []),
    ...(options.databaseUrl === null ? [postgres] : []),
  ];
}

function appPlans({ options, common, at, base }: Parts): ProcessPlan[] {
  const { root, ports, host } = options;
  return [
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
      env: () => ({
        ...common,
        DATABASE_URL: databaseUrl(options),
        FLYBALL_POLICIES: options.policies ?? defaultPolicies(options),
        // Its own spans, and its wishes to the collector, go to the one beside it.
        OTEL_EXPORTER_OTLP_ENDPOINT: at('otlpHttp'),
      }),
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
      // It ends its event streams itself; Next would wait for the browsers to close them.
      env: () => ({
        ...without(common, STORE_SECRETS, GUARD_SECRET),
        NEXT_MANUAL_SIG_HANDLE: 'true',
      }),
      ports: ['dashboard'],
      ready: httpReady(at('dashboard', '/health')),
      stopRank: 0,
    },
  ];
}

function demoPlan({ common, at, base }: Parts): ProcessPlan {
  return {
    ...base,
    name: 'demo',
    title: 'Demo shop',
    script: 'infra/demo/dist/main.js',
    env: () => ({
      ...without(common, STORE_SECRETS),
      OTEL_EXPORTER_OTLP_ENDPOINT: at('otlpHttp'),
    }),
    ports: ['demo', 'demoGateway'],
    ready: httpReady(at('demo', '/health/ready')),
    stopRank: 0,
  };
}

function defaultPolicies({ verb, root }: Options): string {
  return verb === 'demo' ? join(root, 'infra', 'demo', 'policies') : join(root, 'policies');
}

/** What only those who open a store, or speak for a guard, are given. */
const STORE_SECRETS = ['CLICKHOUSE_URL', 'FLYBALL_CLICKHOUSE_USER', 'FLYBALL_CLICKHOUSE_PASSWORD'];
const GUARD_SECRET = ['FLYBALL_GUARD_TOKEN'];

function without(
  env: Readonly<Record<string, string>>,
  ...secrets: readonly (readonly string[])[]
): Record<string, string> {
  const hidden = new Set(secrets.flat());
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
}

function commonEnvironment(options: Options, secrets: Secrets): Record<string, string> {
  const { ports, host, logLevel, dataDir } = options;
  const local = reachableInUrl(host);
  const password = encodeURIComponent(secrets.clickhousePassword);
  const clickhouse = `flyball:${password}@${local}:${ports.clickhouse}`;
  return {
    NODE_ENV: 'production',
    FLYBALL_HOST: host,
    FLYBALL_DATA_DIR: dataDir,
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

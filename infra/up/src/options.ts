import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export type Verb = 'start' | 'demo';

const PORTS = [
  'dashboard',
  'controller',
  'otlpGrpc',
  'otlpHttp',
  'clickhouse',
  'postgres',
  'demo',
  'demoGateway',
] as const;
export type PortName = (typeof PORTS)[number];

interface PortRule {
  readonly variable: string;
  readonly usual: number;
  /** Distance from `--port-base`. */
  readonly offset: number;
}

export const PORT_RULES: Readonly<Record<PortName, PortRule>> = {
  dashboard: { variable: 'FLYBALL_DASHBOARD_PORT', usual: 3000, offset: 0 },
  controller: { variable: 'FLYBALL_CONTROLLER_PORT', usual: 4400, offset: 1 },
  otlpGrpc: { variable: 'FLYBALL_OTLP_GRPC_PORT', usual: 4317, offset: 2 },
  otlpHttp: { variable: 'FLYBALL_OTLP_HTTP_PORT', usual: 4318, offset: 3 },
  clickhouse: { variable: 'FLYBALL_CLICKHOUSE_PORT', usual: 8123, offset: 4 },
  postgres: { variable: 'FLYBALL_POSTGRES_PORT', usual: 5432, offset: 5 },
  demo: { variable: 'FLYBALL_DEMO_PORT', usual: 4500, offset: 10 },
  demoGateway: { variable: 'FLYBALL_DEMO_GATEWAY_PORT', usual: 4501, offset: 11 },
};

export const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

export interface Options {
  readonly verb: Verb;
  readonly root: string;
  readonly dataDir: string;
  readonly host: string;
  readonly ports: Readonly<Record<PortName, number>>;
  /** null: what the verb brings along. */
  readonly policies: string | null;
  readonly logLevel: Level;
  readonly jsonLogs: boolean;
  /** Stores of the user's own: the embedded one stays off. */
  readonly clickhouseUrl: string | null;
  readonly databaseUrl: string | null;
}

/** @throws Error in one sentence: what was given, what may be given. */
export function readOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  root: string,
): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string' },
      'port-base': { type: 'string' },
      host: { type: 'string' },
      policies: { type: 'string' },
      'log-level': { type: 'string' },
      'json-logs': { type: 'boolean', default: false },
    },
  });
  const [verb, ...more] = positionals;
  if (verb !== 'start' && verb !== 'demo')
    throw new Error(`say start or demo, not "${verb ?? ''}"`);
  if (more.length > 0) throw new Error(`"${more.join(' ')}" is not understood; see --help`);
  const base = values['port-base'];
  const dataDir = values['data-dir'] ?? (env.FLYBALL_DATA_DIR || '.flyball');
  const policies = values.policies ?? (env.FLYBALL_POLICIES || null);
  return {
    verb,
    root,
    dataDir: resolve(root, dataDir),
    host: values.host ?? (env.FLYBALL_HOST || '127.0.0.1'),
    ports: readPorts(env, base === undefined ? null : portNumber('--port-base', base, 65_500)),
    policies: policies === null ? null : resolve(root, policies),
    logLevel: readLevel(values['log-level'] ?? 'info'),
    jsonLogs: values['json-logs'],
    clickhouseUrl: env.CLICKHOUSE_URL || null,
    databaseUrl: env.DATABASE_URL || null,
  };
}

function readPorts(env: NodeJS.ProcessEnv, base: number | null): Record<PortName, number> {
  const port = (name: PortName): number => {
    const { variable, usual, offset } = PORT_RULES[name];
    const given = env[variable];
    if (given) return portNumber(variable, given, 65_535);
    return base === null ? usual : base + offset;
  };
  return Object.fromEntries(PORTS.map((name) => [name, port(name)])) as Record<PortName, number>;
}

function portNumber(name: string, text: string, most: number): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > most) {
    throw new Error(`${name} is "${text}", but must be a whole number from 1 to ${most}`);
  }
  return port;
}

function readLevel(text: string): Level {
  const level = LEVELS.find((one) => one === text);
  if (level === undefined) throw new Error(`--log-level is one of ${LEVELS.join(', ')}`);
  return level;
}

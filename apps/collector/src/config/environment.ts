import { join, resolve } from 'node:path';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

/** Empty values count as unset, as Compose and CI systems write them. */
const schema = z.object({
  FLYBALL_HOST: z.string().default('127.0.0.1'),
  FLYBALL_OTLP_GRPC_PORT: port.default(4317),
  FLYBALL_OTLP_HTTP_PORT: port.default(4318),
  FLYBALL_CLICKHOUSE_PORT: port.default(8123),
  FLYBALL_DATA_DIR: z.string().default('.flyball'),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).optional(),
  CLICKHOUSE_CLUSTER: z.string().optional(),
  DATABASE_URL: z.string().optional(),
  FLYBALL_COLLECTOR_ADVERTISE: z.url({ protocol: /^http$/ }).optional(),
  FLYBALL_COLLECTOR_CONFIG: z.string().optional(),
  FLYBALL_RETENTION_DAYS: z.coerce.number().int().min(1).max(3650).optional(),
  FLYBALL_GUARD_TOKEN: z.string().min(16).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
});

export interface Environment {
  readonly host: string;
  /** 0: any free port. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly clickhouseUrl: string;
  /** The cluster that ClickHouse's tables are on; undefined: one server. */
  readonly clickhouseCluster: string | undefined;
  readonly spoolFolder: string;
  readonly configFile: string | undefined;
  /** PostgreSQL, where collectors that share traces find each other. */
  readonly databaseUrl: string | undefined;
  /** How other collectors reach this one's HTTP port; port 0 stands for the one it gets. */
  readonly advertise: string | undefined;
  /** Bearer token for boosts and between collectors; without it both are refused. */
  readonly guardToken: string | undefined;
  /** Overrides `sink.retentionDays`. */
  readonly retentionDays: number | undefined;
  readonly logLevel: string;
}

/** @throws with the name of each wrong variable */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const set = Object.entries(variables).filter(([, value]) => value !== '');
  const result = schema.safeParse(Object.fromEntries(set));
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`wrong environment:\n  ${faults.join('\n  ')}`);
  }
  const env = result.data;
  return {
    host: env.FLYBALL_HOST,
    grpcPort: env.FLYBALL_OTLP_GRPC_PORT,
    httpPort: env.FLYBALL_OTLP_HTTP_PORT,
    clickhouseUrl: env.CLICKHOUSE_URL ?? `http://127.0.0.1:${env.FLYBALL_CLICKHOUSE_PORT}`,
    clickhouseCluster: env.CLICKHOUSE_CLUSTER,
    spoolFolder: resolve(join(env.FLYBALL_DATA_DIR, 'collector', 'spool')),
    configFile: env.FLYBALL_COLLECTOR_CONFIG,
    databaseUrl: env.DATABASE_URL,
    advertise: env.FLYBALL_COLLECTOR_ADVERTISE,
    guardToken: env.FLYBALL_GUARD_TOKEN,
    retentionDays: env.FLYBALL_RETENTION_DAYS,
    logLevel: env.LOG_LEVEL,
  };
}

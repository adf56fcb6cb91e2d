import { resolve } from 'node:path';
import { parseDuration } from '@flyball/contract';
import { z } from 'zod';

/** Everything the controller takes from its environment, parsed once. Times in milliseconds. */
export interface Config {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly databaseUrl: string;
  readonly clickhouseUrl: string;
  /** The cluster that ClickHouse's tables are on; undefined: one server. */
  readonly clickhouseCluster?: string | undefined;
  /** Set: BullMQ runs on this Redis instead of PostgreSQL. */
  readonly queueUrl: string | null;
  readonly dataDir: string;
  readonly policiesDir: string;
  /** Bearer token of guards, process managers and the collector; null: guards are refused. */
  readonly guardToken: string | null;
  /** Where own spans go, and where the collector takes sampling boosts. */
  readonly collectorUrl: string;
  /** Shown to people who want to send data. */
  readonly otlpGrpcUrl: string;
  /** For links and for the Origin check of mutations. */
  readonly dashboardUrl: string;
  /** Time between two OODA cycles. A loop ticks on the first cycle after its `every` has passed. */
  readonly cycleMs: number;
  readonly leaseMs: number;
  readonly logLevel: string;
  /** Names this process in the lease and in the audit. */
  readonly instanceId: string;
}

const duration = (fallback: string, minMs: number, maxMs: number) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const parsed = parseDuration(text);
      if (!parsed.ok) {
        context.addIssue({ code: 'custom', message: parsed.message });
        return z.NEVER;
      }
      if (parsed.value < minMs || parsed.value > maxMs) {
        context.addIssue({
          code: 'custom',
          message: `is ${text}, but must be between ${minMs} ms and ${maxMs} ms`,
        });
        return z.NEVER;
      }
      return parsed.value;
    });

const port = z.coerce.number().int().min(0).max(65_535);

const url = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}`,
    );

const environment = z.object({
  FLYBALL_HOST: z.string().default('127.0.0.1'),
  FLYBALL_CONTROLLER_PORT: port.default(4400),
  DATABASE_URL: url(['postgres:', 'postgresql:']).default(
    'postgres://flyball:flyball@127.0.0.1:5432/flyball',
  ),
  CLICKHOUSE_URL: url(['http:', 'https:']).default('http://127.0.0.1:8123'),
  CLICKHOUSE_CLUSTER: z.string().optional(),
  QUEUE_URL: url(['redis:', 'rediss:']).optional(),
  FLYBALL_DATA_DIR: z.string().default('.flyball'),
  FLYBALL_POLICIES: z.string().default('policies'),
  FLYBALL_GUARD_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  FLYBALL_OTLP_GRPC_PORT: port.default(4317),
  FLYBALL_OTLP_HTTP_PORT: port.default(4318),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:']).optional(),
  FLYBALL_DASHBOARD_PORT: port.default(3000),
  FLYBALL_DASHBOARD_URL: url(['http:', 'https:']).optional(),
  FLYBALL_CYCLE: duration('5s', 100, 300_000),
  FLYBALL_LEASE: duration('30s', 1_000, 600_000),
  FLYBALL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
});

/**
 * Reads the configuration from environment variables; an empty variable counts as unset.
 *
 * @throws Error that names each variable, its value's fault and the cure.
 */
export function readConfig(env: NodeJS.ProcessEnv, instanceId: string): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`the environment is not usable:\n${lines.join('\n')}`);
  }
  const value = parsed.data;
  const collector = `http://127.0.0.1:${value.FLYBALL_OTLP_HTTP_PORT}`;
  const dashboard = `http://127.0.0.1:${value.FLYBALL_DASHBOARD_PORT}`;
  return {
    host: value.FLYBALL_HOST,
    port: value.FLYBALL_CONTROLLER_PORT,
    databaseUrl: value.DATABASE_URL,
    clickhouseUrl: value.CLICKHOUSE_URL,
    clickhouseCluster: value.CLICKHOUSE_CLUSTER,
    queueUrl: value.QUEUE_URL ?? null,
    dataDir: resolve(value.FLYBALL_DATA_DIR, 'controller'),
    policiesDir: resolve(value.FLYBALL_POLICIES),
    guardToken: value.FLYBALL_GUARD_TOKEN ?? null,
    collectorUrl: (value.OTEL_EXPORTER_OTLP_ENDPOINT ?? collector).replace(/\/+$/, ''),
    otlpGrpcUrl: `http://127.0.0.1:${value.FLYBALL_OTLP_GRPC_PORT}`,
    dashboardUrl: (value.FLYBALL_DASHBOARD_URL ?? dashboard).replace(/\/+$/, ''),
    cycleMs: value.FLYBALL_CYCLE,
    leaseMs: value.FLYBALL_LEASE,
    logLevel: value.FLYBALL_LOG_LEVEL,
    instanceId,
  };
}

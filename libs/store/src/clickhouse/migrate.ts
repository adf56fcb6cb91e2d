import type { ClickHouseClient } from '@clickhouse/client';
import { onCluster, onEveryServer } from './cluster.ts';
import { ownTables } from './own-tables.ts';
import { qualityStatements } from './quality-tables.ts';
import {
  logsTable,
  metricTables,
  TRACE_ID_VIEW,
  traceIdTable,
  tracesTable,
} from './telemetry-tables.ts';

export interface ClickHouseMigration {
  readonly version: number;
  readonly name: string;
  /** Every statement is idempotent: two processes may run it at once, or one may die half-way. */
  readonly statements: readonly string[];
}

export interface SchemaOptions {
  /** How long telemetry and loop samples are kept, days. Mission: 7. */
  readonly retentionDays?: number;
  /** Applies every version once more: brings back tables that were dropped since. */
  readonly again?: boolean;
  /** The cluster that the tables are to be on, as its servers name it; left out: one server. */
  readonly cluster?: string | undefined;
}

export function clickhouseMigrations(options: SchemaOptions = {}): ClickHouseMigration[] {
  const { cluster } = options;
  const migrations = migrationsOfOne(options);
  if (cluster === undefined) return migrations;
  return migrations.map((migration) => ({
    ...migration,
    statements: migration.statements.flatMap((statement) => onCluster(statement, cluster)),
  }));
}

/** For a single server. */
function migrationsOfOne(options: SchemaOptions): ClickHouseMigration[] {
  const days = options.retentionDays ?? 7;
  return [
    {
      version: 1,
      name: 'telemetry tables and own tables',
      statements: [
        tracesTable(days),
        traceIdTable(days),
        TRACE_ID_VIEW,
        ...metricTables(days),
        logsTable(days),
        ...ownTables(days),
      ],
    },
    {
      version: 2,
      name: 'ingest quality, exemplars, a ledger with triggers',
      statements: qualityStatements(days),
    },
  ];
}

const VERSION_TABLE = `CREATE TABLE IF NOT EXISTS flyball_schema (
  version UInt32, name String, applied DateTime64(3) DEFAULT now64(3)
) ENGINE = ReplacingMergeTree ORDER BY version`;

/** Tables of one server and of a cluster have the same names; neither turns into the other. */
async function checkKind(client: ClickHouseClient, cluster: string | undefined): Promise<void> {
  const result = await client.query({
    query:
      'SELECT engine FROM system.tables ' +
      "WHERE database = currentDatabase() AND name = 'otel_traces'",
    format: 'JSONEachRow',
  });
  const [table] = await result.json<{ engine: string }>();
  if (table === undefined) return;
  const distributed = table.engine === 'Distributed';
  if (distributed === (cluster !== undefined)) return;
  throw new Error(
    distributed
      ? 'the tables of this database are those of a cluster: set CLICKHOUSE_CLUSTER to its name'
      : `the tables of this database are those of one server: for the cluster ${cluster} use ` +
          'another database',
  );
}

/**
 * Brings the schema up to date and returns the versions applied now.
 *
 * ClickHouse has no locks to take: the statements themselves are idempotent, so several processes
 * may migrate at once and a half-applied version is simply applied again.
 *
 * @throws when ClickHouse is away or a statement is refused; calling again is safe.
 */
export async function migrateClickHouse(
  client: ClickHouseClient,
  options: SchemaOptions = {},
): Promise<number[]> {
  const { cluster } = options;
  await checkKind(client, cluster);
  const query = cluster === undefined ? VERSION_TABLE : onEveryServer(VERSION_TABLE, cluster);
  await client.command({ query });
  const result = await client.query({
    query: 'SELECT DISTINCT version FROM flyball_schema',
    format: 'JSONEachRow',
  });
  const known = new Set((await result.json<{ version: number }>()).map((row) => row.version));
  const applied: number[] = [];
  for (const migration of clickhouseMigrations(options)) {
    if (known.has(migration.version) && options.again !== true) continue;
    for (const query of migration.statements) await client.command({ query });
    await client.insert({
      table: 'flyball_schema',
      values: [{ version: migration.version, name: migration.name }],
      format: 'JSONEachRow',
    });
    applied.push(migration.version);
  }
  return applied;
}

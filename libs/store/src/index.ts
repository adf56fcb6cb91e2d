export {
  type ClickHouseClient,
  type ClickHouseOptions,
  clickhouseClient,
} from './clickhouse/client.ts';
export { migrateClickHouse, type SchemaOptions } from './clickhouse/migrate.ts';
export { applyRetention, type RetentionOptions } from './clickhouse/retention.ts';
export { migratePostgres } from './postgres/migrate.ts';
export {
  inTransaction,
  type PostgresOptions,
  postgresPool,
  type Queryable,
} from './postgres/pool.ts';

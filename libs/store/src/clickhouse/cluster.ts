/**
 * The schema for a cluster, made from the one for a single server.
 *
 * Each table becomes two: `<name>_local`, replicated, on every shard, and `<name>`, distributed
 * over them, which is what everybody reads from and writes to. Views fill local tables from local
 * tables: a trace lies on one shard, so what is made of its rows does too.
 *
 * A row's shard depends on the row alone, never on chance: a block that is sent again under its
 * token is divided as it was before, so each shard recognises its part.
 * The servers' macros `{shard}` and `{replica}` name their places.
 */

/** By table, or by the beginning of its name. Other tables are divided by their keys. */
const SHARDING: readonly (readonly [RegExp, string])[] = [
  [/^otel_traces/, 'cityHash64(TraceId)'],
  // Logs without a trace are many: all in one place would be too much for it.
  [/^otel_logs$/, "cityHash64(TraceId, if(TraceId = '', toUnixTimestamp64Nano(Timestamp), 0))"],
  [/^otel_metrics_/, 'cityHash64(ServiceName, MetricName, Attributes)'],
];

const TABLE = /^CREATE TABLE IF NOT EXISTS (\w+) (\([\s\S]*\n\)) ENGINE = (\w+)\s([\s\S]*)$/;
const FILLED =
  /^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+)\s+TO (\w+) AS\s+([\s\S]*?)\bFROM (\w+)([\s\S]*)$/;
const VIEW = /^CREATE VIEW IF NOT EXISTS (\w+) AS ([\s\S]*)$/;
const ALTER = /^ALTER TABLE (\w+)\s+([\s\S]*)$/;
const DEDUPLICATION = /\bnon_replicated_deduplication_window = (\d+)/;
/** Blocks are sent again for as long as the spool keeps them. */
const REPLICATED_DEDUPLICATION =
  'replicated_deduplication_window = $1, replicated_deduplication_window_seconds = 604800';

const NAME = /^[\w.{}-]+$/;

/** How rows of a table are divided among the shards: an integer expression of its columns. */
export function shardingKey(table: string, orderBy: string): string {
  const known = SHARDING.find(([pattern]) => pattern.test(table));
  if (known !== undefined) return known[1];
  const columns = orderBy.split(',').map((column) => column.trim());
  const [only = '', ...more] = columns.filter((column) => column !== 'time');
  // The hash of one column of low cardinality would be of low cardinality itself.
  return more.length === 0
    ? `cityHash64(CAST(${only}, 'String'))`
    : `cityHash64(${[only, ...more].join(', ')})`;
}

/** The columns that a CREATE TABLE of the schema orders by. */
export function orderOf(statement: string): string {
  return /\bORDER BY \(?([\w, ]+)\)?/.exec(statement)?.[1] ?? '';
}

/**
 * The statements that do on a cluster what one does on a single server.
 *
 * @param cluster as in the servers' `remote_servers`, or a macro such as `{cluster}`
 * @throws when a statement is of a kind that this does not know, or the name is none
 */
export function onCluster(statement: string, cluster: string): string[] {
  if (!NAME.test(cluster)) throw new Error(`${JSON.stringify(cluster)} is no name of a cluster`);
  const everywhere = `ON CLUSTER '${cluster}'`;
  const table = TABLE.exec(statement);
  if (table !== null) return tables(table, cluster, orderOf(statement));
  const filled = FILLED.exec(statement);
  if (filled !== null) {
    const [, name, target, select, source, rest] = filled;
    return [
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name} ${everywhere}\nTO ${target}_local AS\n` +
        `${select}FROM ${source}_local${rest}`,
    ];
  }
  const view = VIEW.exec(statement);
  if (view !== null) return [`CREATE VIEW IF NOT EXISTS ${view[1]} ${everywhere} AS ${view[2]}`];
  const alter = ALTER.exec(statement);
  if (alter !== null) return alterations(alter, everywhere);
  throw new Error(`there is no form of this statement for a cluster: ${statement.slice(0, 80)}`);
}

function tables(match: RegExpExecArray, cluster: string, orderBy: string): string[] {
  const [, name = '', columns, engine, rest = ''] = match;
  const everywhere = `ON CLUSTER '${cluster}'`;
  const settings = rest.replace(DEDUPLICATION, REPLICATED_DEDUPLICATION);
  return [
    `CREATE TABLE IF NOT EXISTS ${name}_local ${everywhere} ${columns} ` +
      `ENGINE = Replicated${engine}('/clickhouse/tables/{uuid}/{shard}', '{replica}')\n${settings}`,
    `CREATE TABLE IF NOT EXISTS ${name} ${everywhere} AS ${name}_local\n` +
      `ENGINE = Distributed('${cluster}', currentDatabase(), ${name}_local, ` +
      `${shardingKey(name, orderBy)})`,
  ];
}

/** Columns come to both tables; an order is the local one's affair. */
function alterations([, name, changes = '']: RegExpExecArray, everywhere: string): string[] {
  const columns = changes.replace(/,?\s*MODIFY ORDER BY \([^)]*\)/, '');
  const local = `ALTER TABLE ${name}_local ${everywhere}\n  ${changes}`;
  return columns.trim() === ''
    ? [local]
    : [local, `ALTER TABLE ${name} ${everywhere}\n  ${columns}`];
}

/** A small table of which every server has a copy. */
export function onEveryServer(statement: string, cluster: string): string {
  const match = TABLE.exec(statement);
  if (match === null || !NAME.test(cluster)) throw new Error('a table and a cluster are needed');
  const [, name, columns, engine, rest] = match;
  const place = "'/clickhouse/tables/{uuid}/all', '{shard}-{replica}'";
  return (
    `CREATE TABLE IF NOT EXISTS ${name} ON CLUSTER '${cluster}' ${columns} ` +
    `ENGINE = Replicated${engine}(${place}) ${rest}`
  );
}

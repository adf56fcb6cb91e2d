import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';

export type { ClickHouseClient } from '@clickhouse/client';

export interface ClickHouseOptions {
  /** How long one request may take, milliseconds. */
  readonly requestTimeoutMs?: number;
  readonly maxOpenConnections?: number;
  /** Shown in ClickHouse's query log. */
  readonly application?: string;
  /** The cluster that the tables are on; left out: one server. */
  readonly cluster?: string | undefined;
}

/** What is different when a table is spread over servers. */
const CLUSTER_SETTINGS = {
  // An insert is answered when every shard has its part, not when it is noted to be sent.
  distributed_foreground_insert: 1,
  // What a subquery finds on any shard counts on all of them.
  distributed_product_mode: 'global',
  // A server that is down makes its tables when it is back; the others do not wait for it.
  distributed_ddl_task_timeout: '20',
  distributed_ddl_output_mode: 'null_status_on_timeout',
} as const;

/**
 * A client for `http://[user:password@]host:port[/database]`, the embedded server and a real
 * ClickHouse alike.
 */
export function clickhouseClient(url: string, options: ClickHouseOptions = {}): ClickHouseClient {
  const parsed = new URL(url);
  const database = decodeURIComponent(parsed.pathname.replace(/^\/+/, ''));
  return createClient({
    url: parsed.origin,
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    ...(database === '' ? {} : { database }),
    application: options.application ?? 'flyball',
    request_timeout: options.requestTimeoutMs ?? 30_000,
    max_open_connections: options.maxOpenConnections ?? 8,
    compression: { request: false, response: false },
    clickhouse_settings: {
      date_time_input_format: 'best_effort',
      ...(options.cluster === undefined ? {} : CLUSTER_SETTINGS),
    },
    // Failures are thrown to the caller, who knows what they mean; twice is noise.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: 2_500 },
  });
}

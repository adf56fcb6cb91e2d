import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';

export type { ClickHouseClient } from '@clickhouse/client';

export interface ClickHouseOptions {
  /** How long one request may take, milliseconds. */
  readonly requestTimeoutMs?: number;
  readonly maxOpenConnections?: number;
  /** Shown in ClickHouse's query log. */
  readonly application?: string;
}

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
    clickhouse_settings: { date_time_input_format: 'best_effort' },
    // Failures are thrown to the caller, who knows what they mean; twice is noise.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: 2_500 },
  });
}

import type { ClickHouseClient } from '@flyball/store';

/** Longer and the person has left; ClickHouse ends the query by itself. */
const QUERY_SECONDS = 8;

/**
 * Runs a reading query and returns its rows. 64-bit integers arrive as text.
 * `params` fill `{name:Type}` places, so that no value is ever part of the SQL.
 */
export async function rowsOf<Row>(
  clickhouse: ClickHouseClient,
  query: string,
  params: Record<string, unknown> = {},
): Promise<Row[]> {
  const result = await clickhouse.query({
    query,
    query_params: params,
    format: 'JSONEachRow',
    clickhouse_settings: {
      max_execution_time: QUERY_SECONDS,
      readonly: '2',
      output_format_json_quote_64bit_integers: 1,
    },
  });
  return result.json<Row>();
}

import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client';
import { BlockRefused, type Sink } from './sink.port.ts';

/**
 * ClickHouse's error codes that speak of the block itself, not of the server's state:
 * a value that does not parse or does not fit its column, a column that does not exist, or (299)
 * a body larger than the server takes.
 */
const REFUSALS = new Set([
  6, 16, 25, 26, 27, 33, 38, 39, 41, 53, 69, 70, 72, 117, 130, 190, 299, 321, 349, 406,
]);

/** The sink over ClickHouse's HTTP interface. */
export function clickhouseSink(client: ClickHouseClient): Sink {
  return {
    async insert({ token, table, parts }, signal) {
      try {
        const answer = await client.exec({
          query: `INSERT INTO ${table} FORMAT JSONEachRow`,
          values: Readable.from(parts, { objectMode: false }),
          abort_signal: signal,
          clickhouse_settings: {
            async_insert: 0,
            insert_deduplicate: 1,
            insert_deduplication_token: token,
            deduplicate_blocks_in_dependent_materialized_views: 1,
            // The whole body is one block: a token stands for all of its rows.
            max_insert_block_size: '10000000',
            // A column that is missing is a fault to be seen, not data to be left out.
            input_format_skip_unknown_fields: 0,
            input_format_parallel_parsing: 0,
            // A client may send spans of any age: a block over a hundred days is no fault of ours.
            throw_on_max_partitions_per_insert_block: 0,
            date_time_input_format: 'best_effort',
          },
        });
        await text(answer.stream);
      } catch (error) {
        if (error instanceof ClickHouseError && REFUSALS.has(Number(error.code))) {
          throw new BlockRefused(error.message, { cause: error });
        }
        throw error;
      }
    },
    async ping(signal) {
      const answer = await client.ping({ select: false, abort_signal: signal });
      if (!answer.success) throw answer.error;
    },
    close: () => client.close(),
  };
}

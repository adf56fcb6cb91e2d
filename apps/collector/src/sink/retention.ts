import { applyRetention, type ClickHouseClient, type RetentionOptions } from '@flyball/store';
import type { Logger } from 'pino';

const ATTEMPTS = 5;
const FIRST_WAIT_MS = 1000;

/**
 * Sets in ClickHouse how long rows are kept; to be called when its schema is up to date. Nothing
 * waits for it: a refusal is tried again a few times, then told and left for the next start.
 */
export function keepFor(
  client: ClickHouseClient,
  options: RetentionOptions,
  log: Pick<Logger, 'info' | 'warn'>,
): void {
  const { days } = options;
  const attempt = async (left: number, waitMs: number): Promise<void> => {
    try {
      const changed = await applyRetention(client, options);
      if (changed.length > 0) log.info({ days, tables: changed }, 'rows are kept for other times');
    } catch (error) {
      const { message } = error as Error;
      if (left === 0) log.warn({ days, err: message }, 'ClickHouse keeps rows as long as before');
      else setTimeout(() => void attempt(left - 1, waitMs * 2), waitMs).unref();
    }
  };
  void attempt(ATTEMPTS - 1, FIRST_WAIT_MS);
}

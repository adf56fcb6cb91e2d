import { type ClickHouseClient, migrateClickHouse } from '@flyball/store';

const MIN_WAIT_MS = 250;
const MAX_WAIT_MS = 5000;

export interface SchemaEvents {
  applied(versions: readonly number[]): void;
  failed(error: Error, retryInMs: number): void;
}

/**
 * Brings the store's schema up to date as soon as the store is there, and again when a table turns
 * out to be missing. The collector takes in data meanwhile.
 */
export class Schema {
  /** `applying` until the store has answered or failed to, for the first time or anew. */
  state: 'applying' | 'ready' | 'away' = 'applying';
  private running = false;
  private again = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly client: ClickHouseClient;
  private readonly cluster: string | undefined;
  private readonly events: SchemaEvents;

  /** @param cluster the one that the tables are on; undefined: one server */
  constructor(client: ClickHouseClient, cluster: string | undefined, events: SchemaEvents) {
    this.client = client;
    this.cluster = cluster;
    this.events = events;
  }

  /** Starts; returns at once. `again`: also what was applied before, for tables dropped since. */
  apply(again = false): void {
    this.state = 'applying';
    this.again ||= again;
    if (this.running || this.stopped) return;
    this.running = true;
    void this.attempt(MIN_WAIT_MS);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async attempt(waitMs: number): Promise<void> {
    try {
      const versions = await migrateClickHouse(this.client, {
        again: this.again,
        cluster: this.cluster,
      });
      this.again = false;
      this.running = false;
      this.state = 'ready';
      this.events.applied(versions);
    } catch (error) {
      this.state = 'away';
      if (this.stopped) return;
      this.events.failed(error as Error, waitMs);
      const next = Math.min(MAX_WAIT_MS, waitMs * 2);
      this.timer = setTimeout(() => void this.attempt(next), waitMs);
    }
  }
}

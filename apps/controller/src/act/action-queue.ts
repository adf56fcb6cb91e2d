import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { createPostgresBackend, Queue, Worker } from 'bullmq';
import type { Config } from '../config.ts';
import type { Logger } from '../platform/logger.ts';
import { messageOf, Stores } from '../platform/stores.ts';
import { CONFIG, LOGGER } from '../platform/tokens.ts';

const NAME = 'flyball-actions';
/** Actions of different loops run side by side; each waits for its target only. */
const CONCURRENCY = 8;
/** A worker that is silent for this long has died: its job runs again elsewhere. */
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
const CLOSE_MS = 3_000;

interface ActionJob {
  readonly actionId: string;
}

/** Runs one action; resolves when nothing is left to do for it. */
type Handler = (actionId: string) => Promise<'done' | 'again'>;

interface JobOptions {
  readonly jobId: string;
  readonly removeOnComplete: boolean;
  readonly removeOnFail: boolean;
}

/** What is used of BullMQ's queue and worker, whichever backend they run on. */
interface Jobs {
  add(name: string, data: ActionJob, options: JobOptions): Promise<unknown>;
  close(): Promise<void>;
}

interface Runner {
  run(): Promise<void>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * BullMQ on PostgreSQL, or on Redis when QUEUE_URL says so. The queue only wakes the executor: what
 * is to be done stands in the `action` table, so that a lost job is found and added again.
 */
@Injectable()
export class ActionQueue implements BeforeApplicationShutdown {
  #queue: Jobs | null = null;
  #worker: Runner | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Stores) private readonly stores: Stores,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * `fence` null: whoever leads. Never rejects: an action whose job could not be added is found
   * by the next sweep.
   */
  async add(actionId: string, fence: number | null): Promise<void> {
    try {
      await this.stores.ready;
      this.#queue ??= this.#openQueue();
      await this.#queue.add(
        'action',
        { actionId },
        // Finished jobs are removed at once, so that the sweep may add a lost one again; and a new
        // leader need not wait for the lock of a worker that died. What runs twice finds it done.
        { jobId: `${actionId}-${fence ?? 0}`, removeOnComplete: true, removeOnFail: true },
      );
    } catch (error) {
      this.logger.warn({ actionId, reason: messageOf(error) }, 'job not queued, will be swept up');
    }
  }

  /** Takes jobs until `stop`. Only the leader does. */
  start(handler: Handler): void {
    if (this.#worker !== null) return;
    const worker = this.#openWorker(handler);
    worker.on('error', (error: Error) =>
      this.logger.warn({ reason: messageOf(error) }, 'the action queue is away'),
    );
    this.#worker = worker;
    worker.run().catch((error: unknown) => {
      this.logger.error({ error }, 'the action worker ended');
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker === null) return;
    const closed = worker.close().catch((error: unknown) => {
      this.logger.warn({ reason: messageOf(error) }, 'the action worker did not close cleanly');
    });
    // An action that cannot end in time is left as it is: the next leader finds it running.
    await Promise.race([closed, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
    await this.#queue?.close().catch(() => {});
  }

  #openQueue(): Jobs {
    const { queueUrl } = this.config;
    const queue =
      queueUrl === null
        ? new Queue(NAME, { connection: this.#postgres() }, createPostgresBackend)
        : new Queue(NAME, { connection: { url: queueUrl } });
    queue.on('error', (error: Error) =>
      this.logger.warn({ reason: messageOf(error) }, 'the action queue is away'),
    );
    return queue;
  }

  #openWorker(handler: Handler): Runner {
    const { queueUrl } = this.config;
    const process = async ({ data }: { data: ActionJob }): Promise<void> => {
      // A job that has to be tried again ends here; the sweep adds it anew, with its own pace.
      await handler(data.actionId);
    };
    const options = {
      autorun: false,
      concurrency: CONCURRENCY,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
    };
    return queueUrl === null
      ? new Worker(
          NAME,
          process,
          { ...options, connection: this.#postgres() },
          createPostgresBackend,
        )
      : new Worker(NAME, process, {
          ...options,
          connection: { url: queueUrl, maxRetriesPerRequest: null },
        });
  }

  #postgres() {
    return { connectionString: this.config.databaseUrl, migrate: true, max: 4 };
  }
}

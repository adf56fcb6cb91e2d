import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { SamplingDecision } from '@flyball/contract';
import type { CollectorSetup } from '../collector.ts';
import type { Boost, BoostResult } from '../pipeline/boosts.ts';
import type { BoostInForce } from '../pipeline/sampling-control.ts';
import type { Running } from '../run.ts';
import type { CheckReport, HealthReport } from '../self/health.ts';
import { CLUSTER_CHECK } from './check.ts';
import { type Cluster, clusterSettings, joinCluster } from './cluster.ts';
import { spoolFolders } from './spool-folders.ts';
import { Talk } from './talk.ts';
import {
  mergedBoosts,
  mergedDecision,
  mergedHealth,
  mergedMetrics,
  type Whole,
  withChecks,
} from './whole.ts';
import { type ToMain, type ToWorker, type WorkerStart, workerName } from './worker-protocol.ts';

const START_MS = 30_000;
const ANSWER_MS = 5000;
const STOP_MS = 7500;

/** Where several listeners may share a port, and the system divides the connections among them. */
const SHARES_PORTS = new Set(['linux', 'freebsd', 'dragonfly', 'sunos', 'aix']);

interface Thread {
  readonly worker: Worker;
  alive: boolean;
  readonly talk: Talk<ToWorker, never>;
}

/**
 * A port that nobody else has. Listeners that share a port would not notice another process that
 * shares it too, so it is first taken for ourselves alone.
 */
async function ownPort(host: string, port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return taken;
}

/** For each worker, the ways to all others. */
function channels(count: number): Map<string, MessagePort>[] {
  const ways = Array.from({ length: count }, () => new Map<string, MessagePort>());
  for (let left = 0; left < count; left += 1) {
    for (let right = left + 1; right < count; right += 1) {
      const { port1, port2 } = new MessageChannel();
      ways[left]?.set(workerName(right), port1);
      ways[right]?.set(workerName(left), port2);
    }
  }
  return ways;
}

/** The threads of one collector, asked and told together. */
class Threads {
  readonly #threads: Thread[] = [];
  #ready = 0;
  #quiet = 0;
  readonly #allReady: Promise<void>;
  readonly #allQuiet: Promise<void>;
  #setReady: () => void = () => {};
  #setQuiet: () => void = () => {};
  readonly #count: number;
  readonly #moreChecks: () => CheckReport[];

  constructor(count: number, moreChecks: () => CheckReport[]) {
    this.#count = count;
    this.#moreChecks = moreChecks;
    this.#allReady = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.#allQuiet = new Promise((resolve) => {
      this.#setQuiet = resolve;
    });
  }

  start(data: WorkerStart, ended: (error: Error) => void): void {
    const file = import.meta.url.endsWith('.ts') ? '../worker.ts' : '../worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: data,
      transferList: [...data.siblings.values()],
      name: workerName(data.index),
    });
    const answer = (question: ToMain) => this.#answer(question);
    const thread: Thread = { worker, alive: true, talk: new Talk(worker, answer) };
    this.#threads.push(thread);
    worker.once('error', (error) => ended(error as Error));
    worker.once('exit', (code) => {
      thread.alive = false;
      this.#noteQuiet();
      ended(new Error(`it ended with code ${code}`));
    });
  }

  /** Ends those that still live, in good order. */
  async stop(): Promise<void> {
    const living = this.#threads.filter(({ alive }) => alive);
    await Promise.all(living.map(({ talk }) => talk.ask({ kind: 'stop' }, STOP_MS)));
  }

  ready(): Promise<void> {
    return this.#allReady;
  }

  /** The answers of all workers, in their order. */
  all<Answer>(question: ToWorker, withinMs: number): Promise<Answer[]> {
    return Promise.all(this.#threads.map(({ talk }) => talk.ask(question, withinMs)));
  }

  async terminate(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  /** A worker was asked something that is true of the whole collector. */
  async #answer(question: ToMain): Promise<unknown> {
    const whole = this.whole();
    switch (question.kind) {
      case 'metrics':
        return whole.metrics();
      case 'health':
        return whole.health();
      case 'not_ready':
        return whole.notReady();
      case 'boost':
        return whole.boost(question.boost);
      case 'boosts':
        return whole.boosts();
      case 'explain':
        return whole.explain(question.traceId);
      case 'ready':
        this.#ready += 1;
        if (this.#ready === this.#count) this.#setReady();
        return undefined;
      case 'quiet':
        this.#noteQuiet();
        return this.#allQuiet;
    }
  }

  #noteQuiet(): void {
    this.#quiet += 1;
    if (this.#quiet >= this.#count) this.#setQuiet();
  }

  whole(): Whole {
    return {
      metrics: async () => mergedMetrics(await this.all<string>({ kind: 'metrics' }, ANSWER_MS)),
      health: async () => {
        const reports = await this.all<HealthReport>({ kind: 'health' }, ANSWER_MS);
        return withChecks(mergedHealth(reports), this.#moreChecks());
      },
      notReady: async () => {
        const reasons = await this.all<string | undefined>({ kind: 'not_ready' }, ANSWER_MS);
        return reasons.find((reason) => reason !== undefined);
      },
      boost: async (boost: Boost) => {
        const results = await this.all<BoostResult>({ kind: 'boost', boost }, ANSWER_MS);
        return results[0] as BoostResult;
      },
      boosts: async () => {
        return mergedBoosts(await this.all<readonly BoostInForce[]>({ kind: 'boosts' }, ANSWER_MS));
      },
      explain: async (traceId) => {
        const question = { kind: 'explain', traceId } as const;
        return mergedDecision(await this.all<SamplingDecision>(question, ANSWER_MS));
      },
    };
  }
}

/** Each worker tells of the members it cannot reach; this, of what all of them share. */
function membershipCheck(cluster: Cluster | undefined): CheckReport[] {
  if (cluster === undefined) return [];
  const message = cluster.membership.trouble() ?? '';
  const status = message === '' ? 'pass' : 'fail';
  return [{ name: CLUSTER_CHECK, critical: false, status, message, tookMs: 0 }];
}

/**
 * A collector of several workers: each a thread with listeners of its own on the shared ports, a
 * window, and a spool below the collector's. This thread starts them and speaks for all of them.
 *
 * @param crashed a worker ended by itself: the others hold only part of each answer, so the whole
 *   collector is to be stopped and started again
 */
export async function startWorkers(
  { environment, config, log }: CollectorSetup,
  crashed: (error: Error) => void,
): Promise<Running> {
  const { workers: count } = config;
  if (!SHARES_PORTS.has(process.platform)) {
    throw new Error(
      `workers: ${count} needs an operating system on which listeners can share a port, as on ` +
        'Linux: set workers: 1, or run several collectors (cluster.enabled)',
    );
  }
  const settings = clusterSettings(environment, config);
  const { host } = environment;
  const httpPort = await ownPort(host, environment.httpPort);
  const grpcPort = await ownPort(host, environment.grpcPort);
  const { folders, release } = spoolFolders(environment.spoolFolder, count);
  let cluster: Cluster | undefined;
  let stopping = false;
  const threads = new Threads(count, () => membershipCheck(cluster));
  const failed = new Promise<never>((_, reject) => {
    channels(count).forEach((siblings, index) => {
      const spoolFolder = folders[index] as string;
      threads.start({ index, httpPort, grpcPort, spoolFolder, siblings }, (error) => {
        if (stopping) return;
        const told = new Error(`${workerName(index)}: ${error.message}`);
        reject(told);
        crashed(told);
      });
    });
  });
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`the workers were not ready within ${START_MS} ms`));
    setTimeout(fail, START_MS).unref();
  });
  failed.catch(() => {});
  late.catch(() => {});
  await Promise.race([threads.ready(), failed, late]);
  if (settings !== undefined) {
    cluster = joinCluster(settings, httpPort, log, (view) => {
      threads.all({ kind: 'members', view }, ANSWER_MS).catch((error: Error) => {
        log.error({ err: error.message }, 'a worker did not learn of the members');
      });
    });
  }
  return {
    httpPort,
    grpcPort,
    reload: () => {
      threads.all({ kind: 'reload' }, ANSWER_MS).catch((error: Error) => {
        log.error({ err: error.message }, 'a worker did not take over the configuration');
      });
    },
    async stop() {
      stopping = true;
      await cluster?.leave();
      try {
        await threads.stop();
      } finally {
        release();
        await threads.terminate();
      }
    },
  };
}

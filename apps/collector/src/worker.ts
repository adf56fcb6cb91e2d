import { parentPort, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import { createCollector } from './collector.ts';
import { readEnvironment } from './config/environment.ts';
import { configFor, faultText } from './config/file.ts';
import { shareOf } from './config/scale.ts';
import type { CollectorConfig } from './config/schema.ts';
import { type Running, run, wholeOf } from './run.ts';
import { clusterCheck } from './scale/check.ts';
import { threadLink } from './scale/link.thread.ts';
import { openPeers, type Peers } from './scale/peers.ts';
import { type Port, Talk } from './scale/talk.ts';
import type { Whole } from './scale/whole.ts';
import {
  type ToMain,
  type ToWorker,
  type WorkerStart,
  workerName,
} from './scale/worker-protocol.ts';
import { onCrash } from './self/faults.ts';

/** One of several workers of a collector: a thread with a pipeline, a spool and listeners. */
const start = workerData as WorkerStart;
/** Longer than the main thread waits for any one worker. */
const ANSWER_MS = 8000;
const HAND_OVER_MS = 1000;
const QUIET_MS = 2000;

function readFile(configFile: string | undefined): CollectorConfig {
  const result = configFor(configFile);
  if (!result.ok) throw new Error(result.faults.map(faultText).join('\n'));
  return result.config;
}

/** Standard output, by hand: what a full pipe has not taken yet is lost when a thread exits. */
const lines = pino.destination({ dest: 1, sync: true });

function open(trouble: () => string | undefined) {
  const environment = { ...readEnvironment(process.env), spoolFolder: start.spoolFolder };
  const name = 'collector';
  const base = { name, worker: start.index };
  const log = pino({ name, base, level: environment.logLevel }, lines);
  // The file may have changed since the main thread has read it.
  const workers = start.siblings.size + 1;
  const config = shareOf({ ...readFile(environment.configFile), workers });
  return createCollector({ environment, config, log, moreChecks: [clusterCheck(trouble)] });
}

/** What the whole collector is asked, this worker asks the main thread. */
function wholeBehind(talk: Talk<ToMain, never>): Whole {
  return {
    metrics: () => talk.ask({ kind: 'metrics' }, ANSWER_MS),
    health: () => talk.ask({ kind: 'health' }, ANSWER_MS),
    notReady: () => talk.ask({ kind: 'not_ready' }, ANSWER_MS),
    boost: (boost) => talk.ask({ kind: 'boost', boost }, ANSWER_MS),
    boosts: () => talk.ask({ kind: 'boosts' }, ANSWER_MS),
    explain: (traceId) => talk.ask({ kind: 'explain', traceId }, ANSWER_MS),
  };
}

async function main(port: Port): Promise<void> {
  let ways: Peers | undefined;
  const collector = open(() => ways?.trouble());
  // The main thread sees it end and stops the others; what is decided is on the disk before.
  const exit = () => {
    lines.flushSync();
    process.exit(1);
  };
  const { outbox, spool, now, log } = collector;
  const end = () => {
    outbox.flush(now());
    spool.sealAll();
    exit();
  };
  onCrash(process, log, end, exit);
  const own = wholeOf(collector);
  const peers = openPeers(collector);
  ways = peers;
  let generation: number | undefined;
  let running: Running | undefined;
  const answer = (question: ToWorker): unknown => {
    switch (question.kind) {
      case 'metrics':
        return own.metrics();
      case 'health':
        return own.health();
      case 'not_ready':
        return own.notReady();
      case 'boost':
        return own.boost(question.boost);
      case 'boosts':
        return own.boosts();
      case 'explain':
        return own.explain(question.traceId);
      case 'members':
        generation = question.view.self.generation;
        return peers.setCollectors(question.view);
      case 'reload':
        return running?.reload(readFile(collector.environment.configFile));
      case 'stop':
        return running?.stop();
    }
  };
  const talk = new Talk<ToMain, never>(port, answer);
  const links = [...start.siblings].map(
    ([name, sibling]) =>
      [name, threadLink(sibling, (batch) => peers.take(batch, 'worker'))] as const,
  );
  peers.setWorkers(workerName(start.index), new Map(links));
  running = await run(collector, {
    peers,
    generation: () => generation,
    whole: wholeBehind(talk),
    shared: start,
    async handOver() {
      await peers.drain(HAND_OVER_MS);
      // Others may still have spans of ours; one that hangs is not waited for.
      await talk.ask({ kind: 'quiet' }, QUIET_MS).catch(() => {});
    },
  });
  await talk.ask({ kind: 'ready' }, ANSWER_MS);
}

if (parentPort === null) throw new Error('this file is started by main.ts, as a thread');
await main(parentPort);

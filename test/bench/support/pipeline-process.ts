/**
 * Puts the load through the collector's own parts in this process and answers with what it cost.
 * Started by `pipeline.ts` and `open-traces.ts`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { temporaryDirectory } from '../../support/clickhouse.ts';
import type { Shape } from '../../support/load/template.ts';
import { Decoder } from './decoder.ts';
import { removeWithUs } from './ending.ts';
import { InProcessCollector } from './in-process.ts';
import { median } from './probe.ts';

export interface PipelineTask {
  readonly shape: Shape;
  readonly spansPerSecond: number;
  /** From the root to the decision. */
  readonly delayMs: number;
  readonly rounds: number;
}

export interface PipelineResult {
  readonly pipelineUs: number;
  readonly decodeUs: number;
  readonly openTraces: number;
  readonly keptShare: number;
  /** Resident memory above that of the idle process, per byte of the waiting spans. */
  readonly memoryRatio: number;
}

const BATCH_REQUESTS = 16;
/** CPU time of one round, microseconds. */
const ROUND_US = 1_000_000;
const WINDOW = 'maxTraces: 4000000, maxSpans: 16000000, maxSize: 8GiB';

function usedUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function collectorOf(task: PipelineTask): InProcessCollector {
  const directory = removeWithUs(temporaryDirectory());
  const configFile = join(directory, 'collector.yaml');
  writeFileSync(configFile, `window: { delay: ${task.delayMs}ms, timeout: 1h, ${WINDOW} }\n`);
  const { shape, spansPerSecond } = task;
  return new InProcessCollector({ shape, spansPerSecond, configFile, directory });
}

/** CPU microseconds that the collector's parts took; making the load is left out. */
async function batch(collector: InProcessCollector): Promise<number> {
  collector.prepare(BATCH_REQUESTS);
  const startUs = usedUs();
  await collector.work();
  const us = usedUs() - startUs;
  // Signals are seen only then.
  await othersTurn();
  return us;
}

async function round(collector: InProcessCollector): Promise<number> {
  const spans = collector.spans;
  let us = 0;
  while (us < ROUND_US) us += await batch(collector);
  return us / (collector.spans - spans);
}

/** Until traces have been decided for as long again as they wait: then the window is even. */
async function fill(collector: InProcessCollector, task: PipelineTask): Promise<void> {
  const spans = (2 * task.delayMs * task.spansPerSecond) / 1000;
  while (collector.spans < spans) await batch(collector);
}

async function run(task: PipelineTask): Promise<PipelineResult> {
  const decoder = await Decoder.start(task.shape);
  const idle = process.memoryUsage.rss();
  const collector = collectorOf(task);
  try {
    await fill(collector, task);
    // The compiler is done after a while.
    for (let warm = 0; warm < 2; warm += 1) await round(collector);
    const pairs: { pipelineUs: number; decodeUs: number }[] = [];
    for (let turn = 0; turn < task.rounds; turn += 1) {
      const pipelineUs = await round(collector);
      pairs.push({ pipelineUs, decodeUs: await collector.aside(() => decoder.usPerSpan()) });
    }
    const stressed = collector.metric('flyball_collector_overloads_total');
    if (stressed > 0)
      throw new Error('overload was declared: the figure would not be of the whole');
    const decided = (verdict: string) =>
      collector.metric(
        `flyball_collector_decided_traces_total{trigger="root",verdict="${verdict}"}`,
      );
    const waiting = collector.metric('flyball_collector_window_spans');
    const bytes = (waiting * collector.bytes) / collector.spans;
    return {
      pipelineUs: median(pairs.map(({ pipelineUs }) => pipelineUs)),
      decodeUs: median(pairs.map(({ decodeUs }) => decodeUs)),
      openTraces: collector.metric('flyball_collector_window_traces'),
      keptShare: decided('kept') / (decided('kept') + decided('dropped')),
      memoryRatio: (process.memoryUsage.rss() - idle) / bytes,
    };
  } finally {
    decoder.stop();
    collector.clean();
  }
}

process.on('message', (task: PipelineTask) => {
  run(task).then(
    (result) => process.send?.(result),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
});

/**
 * (d) What a waiting span costs in memory: resident memory of the whole collector process with
 * 100,000 traces open, less that of the idle process, against the bytes of the spans.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Shape } from '../support/load/template.ts';
import { until } from '../support/until.ts';
import { startBenchCollector } from './support/collector.ts';
import { mebibytes, report, times } from './support/figures.ts';
import { startLoader } from './support/loader.ts';
import { median } from './support/probe.ts';

const TRACES = 100_000;
const SPANS_PER_TRACE = 4;
const RATE = 50_000;
const GOAL = 1.6;
/** Nothing is decided while the bench runs. */
const CONFIG = 'window: { delay: 1h, timeout: 1h, maxSize: 2GiB }\n';

async function measure(shape: Shape): Promise<void> {
  const collector = await startBenchCollector({ config: CONFIG });
  try {
    await pause(3000);
    const idle = collector.usage().rssBytes;
    const maxSpans = TRACES * SPANS_PER_TRACE;
    const loader = startLoader({
      target: collector.grpc,
      protocol: 'grpc',
      shape,
      rate: RATE,
      maxSpans,
    });
    const { accepted, bytes, spans } = await loader.done;
    const waiting = await until('all spans wait', 10_000, async () => {
      const [count = 0] = (await collector.metrics('flyball_collector_window_spans')).values();
      // Its own traces wait as well.
      return count >= accepted ? accepted : undefined;
    });
    const samples: number[] = [];
    for (let second = 0; second < 8; second += 1) {
      await pause(1000);
      samples.push(collector.usage().rssBytes - idle);
    }
    const held = median(samples);
    const raw = (bytes / spans) * waiting;
    report({
      bench: 'd',
      what: `${shape}: memory per waiting span against its bytes`,
      value: `${times(held / raw)}, ${Math.round(held / waiting)} bytes a span`,
      goal: `at most ${GOAL}x`,
      met: held / raw <= GOAL,
    });
    const rest = `${waiting} spans of ${Math.round(bytes / spans)} bytes wait`;
    process.stdout.write(`  ${rest}; idle ${mebibytes(idle)}, then ${mebibytes(idle + held)}\n`);
  } finally {
    await collector.stop();
  }
}

const { values } = parseArgs({
  options: { shape: { type: 'string', default: 'whole,scattered' } },
});
for (const shape of values.shape.split(',')) await measure(shape as Shape);

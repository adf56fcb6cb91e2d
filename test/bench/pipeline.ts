/**
 * (b) The collector's own parts in one process, from the request's bytes to the spool on disk
 * (scan, RED, edges, window, decision at 5 % kept, critical path, rows), against protobufjs merely
 * decoding the same bodies.
 */
import { report, times, whole } from './support/figures.ts';
import { measurePipeline } from './support/in-pipeline.ts';

const GOAL = 1;
const ROUNDS = 7;

for (const shape of ['whole', 'scattered'] as const) {
  const task = { shape, spansPerSecond: 100_000, delayMs: 2000, rounds: ROUNDS };
  const { pipelineUs, decodeUs, openTraces, keptShare } = await measurePipeline(task);
  const ratio = decodeUs / pipelineUs;
  report({
    bench: 'b',
    what: `${shape}: whole pipeline against protobufjs decode`,
    value: `${times(ratio)}, ${whole(1e6 / pipelineUs)} spans per CPU-second`,
    goal: `at least ${GOAL.toFixed(1)}x`,
    met: ratio >= GOAL,
  });
  const kept = `${(100 * keptShare).toFixed(1)} % kept`;
  const decode = `protobufjs ${whole(1e6 / decodeUs)} spans per CPU-second`;
  process.stdout.write(`  ${decode}; ${whole(openTraces)} traces open; ${kept}\n`);
}

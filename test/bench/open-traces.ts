/**
 * (g) How throughput and memory change with the number of traces that wait for their decision:
 * the same arrivals, ever longer windows. Each against protobufjs at the same time, so that a
 * machine which is busier at one moment than at another does not matter.
 */
import { report, times, whole } from './support/figures.ts';
import { measurePipeline } from './support/in-pipeline.ts';

const TRACES_PER_SECOND = 15_000;
const SPANS_PER_TRACE = 4;
const SIZES = [1000, 10_000, 100_000, 1_000_000];
const GOAL = 0.7;
const ROUNDS = 5;

let first: number | undefined;
for (const size of SIZES) {
  const { pipelineUs, decodeUs, openTraces, memoryRatio } = await measurePipeline({
    shape: 'whole',
    spansPerSecond: TRACES_PER_SECOND * SPANS_PER_TRACE,
    delayMs: (1000 * size) / TRACES_PER_SECOND,
    rounds: ROUNDS,
  });
  const speed = decodeUs / pipelineUs;
  first ??= speed;
  const share = speed / first;
  const isLast = size === SIZES.at(-1);
  const memory = size >= 100_000 ? `, memory ${times(memoryRatio)} of the spans' bytes` : '';
  report({
    bench: 'g',
    what: `${whole(openTraces)} traces open: throughput against 1,000 open`,
    value: `${times(share)}, ${whole(1e6 / pipelineUs)} spans per CPU-second${memory}`,
    ...(isLast ? { goal: `at least ${GOAL}x`, met: share >= GOAL } : {}),
  });
}

/**
 * (e) Kept rows a second into the embedded ClickHouse: every span is kept, from the first request
 * until the last row is stored. Wall time: both processes share this machine with the load.
 */
import { parseArgs } from 'node:util';
import { removeDirectory, startClickHouse, temporaryDirectory } from '../support/clickhouse.ts';
import { until } from '../support/until.ts';
import { startBenchCollector } from './support/collector.ts';
import { endWithUs, removeWithUs } from './support/ending.ts';
import { report, whole } from './support/figures.ts';
import { startLoader } from './support/loader.ts';
import { usageOf } from './support/probe.ts';

const STORED = 'flyball_collector_stored_rows_total{table="otel_traces"}';
const CONFIG = `window: { delay: 100ms }
sampling: { rules: [{ name: all, keep: 100% }] }
`;
const LIMIT_MS = 180_000;

const { values } = parseArgs({ options: { spans: { type: 'string', default: '500000' } } });
const directory = removeWithUs(temporaryDirectory());
const clickhouse = await startClickHouse(directory);
endWithUs(clickhouse.program.child);
try {
  const collector = await startBenchCollector({ config: CONFIG, clickhouseUrl: clickhouse.url });
  try {
    const before = { store: usageOf(clickhouse.program.pid).cpuS, own: collector.usage().cpuS };
    const startMs = performance.now();
    const target = collector.grpc;
    const maxSpans = Number(values.spans);
    const { accepted } = await startLoader({ target, protocol: 'grpc', shape: 'whole', maxSpans })
      .done;
    await until('every row is stored', LIMIT_MS, async () => {
      const [rows = 0] = (await collector.metrics(STORED)).values();
      return rows >= accepted;
    });
    const seconds = (performance.now() - startMs) / 1000;
    const storeS = usageOf(clickhouse.program.pid).cpuS - before.store;
    const ownS = collector.usage().cpuS - before.own;
    const perCpu = `per CPU-second: collector ${whole(accepted / ownS)}`;
    report({
      bench: 'e',
      what: 'rows into the embedded ClickHouse, all kept',
      value: `${whole(accepted / seconds)} a second (${perCpu}, store ${whole(accepted / storeS)})`,
    });
  } finally {
    await collector.stop();
  }
} finally {
  await clickhouse.program.stop();
  removeDirectory(directory);
}

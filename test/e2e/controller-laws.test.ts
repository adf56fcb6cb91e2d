import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Loop, loop } from '@flyball/contract';
import { bucketIndex } from '@flyball/tracing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import {
  type RunningController,
  Stores,
  startController,
  writePolicy,
} from '../support/controller.ts';
import { Operator } from '../support/operator.ts';
import { ROOT } from '../support/process.ts';
import { ManagerDouble } from '../support/process-manager.ts';
import { until } from '../support/until.ts';

/** The laws a policy may name, on real stores: they see, decide, act, and give way to another. */
const directory = temporaryDirectory();
const policies = join(directory, 'policies');
let manager: ManagerDouble;
let stores: Stores;
let controller: RunningController;
let operator: Operator;
let stopReporting: () => void;
/** Requests per second; each takes 50 ms of a replica. */
let perSecond = 60;

const POLICY = (law: string) => `
apiVersion: flyball/v1
kind: Policy
metadata: { name: checkout }
spec:
  service: checkout
  objectives: { latency: { p99: 300ms } }
  observe: { window: 10s }
  loops:
    replicas:
      ${law}
      every: 1s
      limits: { min: 2, max: 20 }
      startUp: 1s
      actuator: { processes: { url: "${manager.url}" } }
      autonomy: auto
`;

/** Spans counted and workers measured, as collector and SDK would, of what runs now. */
function report(): () => void {
  const client = createClient({ url: stores.clickhouse.url });
  const insert = (table: string, values: object[]) => {
    // Half a second is as the last one: without this the same block would count once.
    const clickhouse_settings = {
      date_time_input_format: 'best_effort',
      insert_deduplicate: 0,
    } as const;
    client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings }).catch(() => {});
  };
  const timer = setInterval(() => {
    const replicas = Array.from({ length: manager.desired }, (_, index) => `checkout-${index}`);
    const busy = Math.min(1, (perSecond * 0.05) / replicas.length);
    const bucket = Math.floor(Date.now() / 10_000) * 10_000;
    const count = perSecond / 2 / replicas.length;
    insert(
      'flyball_red',
      replicas.map((instance) => ({
        time: new Date(bucket).toISOString(),
        service: 'checkout',
        operation: 'POST /',
        kind: 'Server',
        instance,
        count: Math.round(count),
        errors: 0,
        duration_sum_ns: Math.round(count) * 60e6,
        buckets: { [bucketIndex(60e6)]: Math.round(count) },
      })),
    );
    insert(
      'otel_metrics_gauge',
      replicas.map((instance) => ({
        ResourceAttributes: { 'service.instance.id': instance },
        ServiceName: 'checkout',
        MetricName: 'worker.utilization',
        TimeUnix: `${Date.now()}000000`,
        Value: busy,
      })),
    );
  }, 500);
  return () => {
    clearInterval(timer);
    void client.close();
  };
}

const replicasLoop = (): Promise<Loop> => operator.get('/api/loops/checkout/replicas', loop);

beforeAll(async () => {
  manager = await ManagerDouble.start();
  stores = await Stores.start(directory);
  writePolicy(policies, POLICY(''));
  controller = await startController({ stores, policiesDir: policies, dataDir: directory });
  stopReporting = report();
  operator = new Operator(controller.url);
  await until('the first sign-in link', 20_000, () => operator.redeemFirstLink(directory));
}, 120_000);

afterAll(async () => {
  stopReporting?.();
  await controller?.program.stop();
  await stores?.stop();
  await manager?.stop();
  removeDirectory(directory);
});

test('a policy that states only an objective is steered by autoscale to its need', async () => {
  await until('the default law has met the demand', 60_000, async () => {
    const { law, last } = await replicasLoop();
    return law === 'autoscale' && last?.reason === 'demand-met';
  });
  // 60/s of 50 ms are 3 busy replicas: at 65 % that is 5, a little more while it learns.
  expect(manager.desired).toBeGreaterThanOrEqual(4);
  expect(manager.desired).toBeLessThanOrEqual(9);
  const { signal, last, band } = await replicasLoop();
  expect(signal).toBe('worker.utilization');
  expect(band).toEqual({ low: null, high: null });
  expect(last?.setpoint).toBe(last?.terms.safeUtilization);
  expect(last?.terms.costSeconds).toBeGreaterThan(0.02);
  expect(last?.text).toContain('requests/s need');
  const before = manager.desired;
  perSecond = 150;
  await until('a surge is answered', 60_000, () => manager.desired >= before + 3);
}, 130_000);

test('another law is taken over from the file, and begins where the fleet is', async () => {
  const before = manager.desired;
  writePolicy(policies, POLICY('law: { hpa: { target: 60% } }'));
  await until('hpa decides', 30_000, async () => {
    const { law, last } = await replicasLoop();
    return law === 'hpa' && last?.terms.setpoint === 0.6;
  });
  expect(manager.desired).toBeGreaterThanOrEqual(before);
  expect((await replicasLoop()).last?.setpoint).toBe(0.6);
}, 60_000);

/** The command's answer; what it says of the service so far. */
async function backtest() {
  const file = join(policies, 'checkout.yaml');
  const main = join(ROOT, 'apps/cli/src/main.ts');
  const asked = ['backtest', file, '--from', '2m', '--clickhouse', stores.clickhouse.url, '--json'];
  const child = spawn(process.execPath, ['--conditions=@flyball/source', main, ...asked]);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return code === 0 ? JSON.parse(out) : undefined;
}

test('what was recorded is replayed through another policy', async () => {
  const { summary, turns } = await until('there is enough to replay', 120_000, async () => {
    const told = await backtest();
    // The first bucket holds but a part of its time.
    return told?.turns.at(-1)?.seen.ratePerSecond > 30 ? told : undefined;
  });
  expect(summary.agreed).toBeLessThan(summary.turns);
  const last = turns.at(-1);
  expect(last.seen.applied).toBeGreaterThan(2);
  expect(last.seen.utilization).toBeGreaterThan(0);
  expect(last.decision.terms.setpoint).toBe(0.6);
}, 150_000);

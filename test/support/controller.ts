import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type RunningClickHouse, startClickHouse } from './clickhouse.ts';
import { Operator } from './operator.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { type RunningProgram, startProgram } from './process.ts';

export const GUARD_TOKEN = 'token-of-a-test-guard';

/** Both stores, and telemetry written straight into ClickHouse, as the collector would. */
export class Stores {
  readonly dataDir: string;
  readonly postgres: RunningPostgres;
  readonly clickhouse: RunningClickHouse;

  private constructor(dataDir: string, postgres: RunningPostgres, clickhouse: RunningClickHouse) {
    this.dataDir = dataDir;
    this.postgres = postgres;
    this.clickhouse = clickhouse;
  }

  static async start(dataDir: string): Promise<Stores> {
    const [postgres, clickhouse] = await Promise.all([
      startPostgres(dataDir),
      startClickHouse(dataDir),
    ]);
    return new Stores(dataDir, postgres, clickhouse);
  }

  get databaseUrl(): string {
    const file = join(this.dataDir, 'postgres', 'connection.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgres.program.stop(), this.clickhouse.program.stop()]);
  }

  /** Goes on reporting how busy two instances of checkout are; returns how to stop. */
  reportUtilization(current: () => number): () => void {
    const client = createClient({ url: this.clickhouse.url });
    const timer = setInterval(() => {
      const values = ['checkout-1', 'checkout-2'].map((instance) => ({
        ResourceAttributes: { 'service.instance.id': instance },
        ServiceName: 'checkout',
        MetricName: 'worker.utilization',
        TimeUnix: `${Date.now()}000000`,
        Value: current(),
      }));
      const table = 'otel_metrics_gauge';
      client.insert({ table, values, format: 'JSONEachRow' }).catch(() => {});
    }, 500);
    return () => {
      clearInterval(timer);
      void client.close();
    };
  }
}

export interface ControllerOptions {
  readonly stores: Stores;
  readonly policiesDir: string;
  readonly dataDir: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** One controller as a process on a free port. */
export interface RunningController {
  readonly program: RunningProgram;
  readonly url: string;
}

export async function startController(options: ControllerOptions): Promise<RunningController> {
  const { stores, policiesDir, dataDir, env } = options;
  const program = startProgram('apps/controller/dist/main.js', {
    DATABASE_URL: stores.databaseUrl,
    CLICKHOUSE_URL: stores.clickhouse.url,
    FLYBALL_CONTROLLER_PORT: '0',
    FLYBALL_DATA_DIR: dataDir,
    FLYBALL_POLICIES: policiesDir,
    FLYBALL_GUARD_TOKEN: GUARD_TOKEN,
    FLYBALL_CYCLE: '500ms',
    FLYBALL_LEASE: '3s',
    // Nothing listens there: own spans are lost, and nobody minds.
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    ...env,
  });
  const line = await program.line((entry) => entry.msg === 'controller listens');
  return { program, url: String(line.url) };
}

export function writePolicy(directory: string, text: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'checkout.yaml'), text);
}

/** A second person who may approve. */
export async function newOperator(admin: Operator, username: string): Promise<Operator> {
  const made = await admin.send('POST', '/api/users', { username, role: 'operator' });
  const operator = new Operator(admin.origin);
  await operator.redeem((made.body as { signInPath: string }).signInPath);
  return operator;
}

import type { Answer } from '../receive/answer.ts';
import type { Handler } from '../receive/http.ts';
import type { HealthReport } from './health.ts';

function json(status: number, value: unknown): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(value) };
}

const statusOf = (report: HealthReport) => (report.status === 'unhealthy' ? 503 : 200);

export interface SelfDoor {
  health(): Promise<HealthReport>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Why this process should get no traffic, or undefined when it should. */
  notReady(): Promise<string | undefined>;
}

/** `/health`, `/health/live`, `/health/ready`, `/health/detailed` and `/metrics`. */
export function selfRoutes(door: SelfDoor): [string, Readonly<Record<string, Handler>>][] {
  const get = (handler: () => Promise<Answer>) => ({ GET: handler });
  const summary = async () => {
    const report = await door.health();
    return json(statusOf(report), { status: report.status });
  };
  const detailed = async () => {
    const report = await door.health();
    return json(statusOf(report), report);
  };
  const ready = async () => {
    const reason = await door.notReady();
    return reason === undefined
      ? json(200, { status: 'ready' })
      : json(503, { status: 'not ready', reason });
  };
  const metrics = async (): Promise<Answer> => ({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: await door.metrics(),
  });
  return [
    ['/health', get(summary)],
    ['/health/detailed', get(detailed)],
    ['/health/live', get(async () => json(200, { status: 'alive' }))],
    ['/health/ready', get(ready)],
    ['/metrics', get(metrics)],
  ];
}

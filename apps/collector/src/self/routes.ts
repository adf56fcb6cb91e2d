import { type Answer, failure, type Request } from '../receive/answer.ts';
import { carriesToken } from '../receive/bearer.ts';
import type { Handler } from '../receive/http.ts';
import type { HealthReport } from './health.ts';

function json(status: number, value: unknown): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(value) };
}

const statusOf = (report: HealthReport) => (report.status === 'unhealthy' ? 503 : 200);

export interface SelfDoor {
  /** What the details of health are told for; undefined: to everybody. */
  readonly token: string | undefined;
  health(): Promise<HealthReport>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Why this process should get no traffic, or undefined when it should. */
  notReady(): Promise<string | undefined>;
}

/** Addresses that only this machine reaches. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** The token that details are told for: they name members and repeat the store's errors. */
export function tokenOfDetails(host: string, guardToken: string | undefined): string | undefined {
  return LOOPBACK.test(host) ? undefined : guardToken;
}

/**
 * `/health`, `/health/live`, `/health/ready`, `/health/detailed` and `/metrics`. All but the
 * details are open, for those who probe and scrape.
 */
export function selfRoutes(door: SelfDoor): [string, Readonly<Record<string, Handler>>][] {
  const get = (handler: (request: Request) => Promise<Answer>) => ({ GET: handler });
  const summary = async () => {
    const report = await door.health();
    return json(statusOf(report), { status: report.status });
  };
  const detailed = async (request: Request) => {
    if (door.token !== undefined && !carriesToken(request, door.token)) {
      const cure = 'send Authorization: Bearer FLYBALL_GUARD_TOKEN; /health is open';
      return failure('json', 401, cure, { headers: { 'www-authenticate': 'Bearer' } });
    }
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

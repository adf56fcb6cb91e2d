import { expect, test } from 'vitest';
import { Health } from '../self/health.ts';
import { clusterCheck } from './check.ts';
import { FORWARDER_DEFAULTS, Forwarder } from './forwarder.ts';
import { FakeLink } from './link.fake.ts';
import { mergedHealth, withChecks } from './whole.ts';

const report = (trouble: () => string | undefined) =>
  new Health([clusterCheck(() => undefined, trouble)], () => 0).report();

test('a member that takes no spans degrades the cluster, and the reason is told', async () => {
  const link = new FakeLink();
  link.next.push({ kind: 'refused', message: '401: one FLYBALL_GUARD_TOKEN' });
  const events = { returned() {}, unsure() {}, failed() {}, away() {}, back() {} };
  const forwarder = new Forwarder(link, FORWARDER_DEFAULTS, events, () => 0);
  const trouble = () => forwarder.trouble && `http://10.0.0.5:4318 ${forwarder.trouble}`;
  expect((await report(trouble)).status).toBe('healthy');
  forwarder.push(Uint8Array.of(1));
  forwarder.tick(true);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(await report(trouble)).toMatchObject({
    status: 'degraded',
    checks: [
      {
        name: 'cluster',
        message: 'http://10.0.0.5:4318 is away: 401: one FLYBALL_GUARD_TOKEN',
      },
    ],
  });
});

test('what workers and the whole collector say of the cluster is one check', async () => {
  const workers = mergedHealth([
    await report(() => undefined),
    await report(() => 'a is away: ECONNREFUSED'),
  ]);
  const own = {
    critical: false,
    status: 'fail',
    message: 'PostgreSQL is away',
    tookMs: 0,
  } as const;
  const { status, checks } = withChecks(workers, [{ name: 'cluster', ...own }]);
  expect(status).toBe('degraded');
  expect(checks).toEqual([
    {
      name: 'cluster',
      critical: false,
      status: 'fail',
      message: 'worker 1: a is away: ECONNREFUSED; PostgreSQL is away',
      tookMs: 0,
    },
  ]);
});

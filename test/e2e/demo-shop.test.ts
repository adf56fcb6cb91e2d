import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  faultCommand,
  isAlive,
  type Peers,
  type Shop,
  type SinkSpan,
  startPeers,
  startShop,
} from './demo-harness.ts';

let peers: Peers;
let shop: Shop;

beforeAll(async () => {
  peers = await startPeers();
  shop = await startShop(peers);
});

afterAll(async () => {
  await shop?.close();
  await peers?.close();
});

afterEach(() => shop?.endAllFaults());

const p99Ms = async () => (await shop.state()).load?.p99Ms ?? 0;

/** Mean of the newest `worker.utilization` the instances of a service exported. */
function utilization(service: string): number {
  const values = [...peers.gauge('worker.utilization')]
    .filter(([instance]) => instance.startsWith(`${service}-`))
    .map(([, value]) => value);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function resize(service: string, replicas: number): Promise<void> {
  const { version } = await shop.service(service);
  const change = { replicas, expectedVersion: version, idempotencyKey: `${service}-${version}` };
  expect((await shop.setReplicas(service, change)).status).toBe(200);
  await eventually(
    `${service} has ${replicas} instances`,
    () => shop.service(service),
    (state) => state.running === replicas && state.starting + state.draining === 0,
  );
}

describe('the shop', () => {
  it('serves its customers within the objective', async () => {
    const state = await eventually(
      'customers are served',
      () => shop.state(),
      ({ load }) => load !== null && load.okPerSecond > 45,
    );
    expect(state.load?.failedPerSecond).toBe(0);
    // The first answers of cold processes are slow ones.
    await eventually('p99 is within the objective', p99Ms, (value) => value > 0 && value < 300);
    const response = await fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
    expect((await fetch(new URL('/nothing', shop.gatewayUrl))).status).toBe(404);
  });

  it('sends one trace across its processes, with names and instances', async () => {
    const byId = (spans: readonly SinkSpan[]) => new Map(spans.map((span) => [span.spanId, span]));
    const charges = await eventually(
      'a charge with all its ancestors',
      () => {
        const spans = byId(peers.spans);
        return peers.spans
          .filter(({ service, name }) => service === 'payments' && name === 'POST /charge')
          .map((charge) => {
            const path: string[] = [];
            let span: SinkSpan | undefined = charge;
            while (span !== undefined) {
              path.unshift(`${span.service} ${span.name} ${span.kind}`);
              span = spans.get(span.parentSpanId);
            }
            return path;
          });
      },
      (paths) => paths.some((path) => path.length === 5),
    );
    expect(charges.find((path) => path.length === 5)).toEqual([
      'gateway POST /checkout 2',
      'gateway POST /checkout 3',
      'checkout POST /checkout 2',
      'checkout POST /charge 3',
      'payments POST /charge 2',
    ]);
    const instances = new Set(peers.spans.map(({ instance }) => instance));
    expect(instances).toContain('checkout-1');
    expect(instances).toContain('checkout-2');
    expect(peers.spans.filter(({ name }) => name.includes('health') || name === 'GET')).toEqual([]);
  });

  it('drowns in a surge, and more real processes carry it', async () => {
    expect(utilization('checkout')).toBeLessThan(0.7);
    await shop.fault({ kind: 'surge' });
    await eventually('p99 is over the objective', p99Ms, (value) => value > 400);
    await eventually(
      'checkout is saturated',
      () => utilization('checkout'),
      (u) => u > 0.9,
    );
    await resize('checkout', 4);
    const pids = (await shop.state()).services
      .find(({ service }) => service === 'checkout')
      ?.views.map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(4);
    expect(pids?.every((pid) => pid !== null && isAlive(pid))).toBe(true);
    await eventually('p99 is back below the objective', p99Ms, (value) => value < 300, 60_000);
    await eventually(
      'checkout has room',
      () => utilization('checkout'),
      (u) => u < 0.8,
    );
  });

  it('drains instances without failing a request', async () => {
    await eventually(
      'nothing fails before',
      () => shop.state(),
      ({ load }) => load?.failedPerSecond === 0 && load.okPerSecond < 80,
    );
    const outcomes: number[] = [];
    let isOver = false;
    const customer = async () => {
      while (!isOver) {
        const response = await fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' });
        outcomes.push(response.status);
      }
    };
    const customers = [customer(), customer(), customer()];
    await resize('checkout', 2);
    isOver = true;
    await Promise.all(customers);
    expect(outcomes.length).toBeGreaterThan(5);
    expect(outcomes.filter((status) => status !== 200)).toEqual([]);
    expect((await shop.state()).load?.failedPerSecond).toBe(0);
  });

  it('refuses what was decided on an old version, by an old leader, or by nobody', async () => {
    const before = await shop.service('payments');
    const put = (change: Record<string, unknown>) =>
      shop.setReplicas('payments', {
        replicas: 3,
        expectedVersion: before.version,
        idempotencyKey: JSON.stringify(change),
        ...change,
      });
    const old = await put({ expectedVersion: before.version - 1, fence: 7 });
    expect([old.status, await old.json()]).toMatchObject([
      409,
      { code: 'version-changed', details: { version: before.version, desired: 2, fence: 7 } },
    ]);
    const replaced = await put({ fence: 6 });
    expect([replaced.status, await replaced.json()]).toMatchObject([
      409,
      { code: 'fence-outdated', details: { fence: 7 } },
    ]);
    const first = await put({ fence: 7 });
    const again = await put({ fence: 7 });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(await again.json()).toEqual(await first.json());
    expect((await shop.service('payments')).version).toBe(before.version + 1);
    expect((await put({ fence: 7, replicas: 99, expectedVersion: 2 })).status).toBe(422);
    const anonymous = await fetch(new URL('/services', shop.url));
    expect(anonymous.status).toBe(401);
  });

  it('shows who is down, and says why further up', async () => {
    const fault = await shop.fault({ kind: 'dependency-down' });
    const response = await eventually(
      'checkout fails because of payments',
      () => fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' }),
      ({ status }) => status === 502,
    );
    expect(await response.json()).toEqual({ error: 'payments: answered 503' });
    const browse = await fetch(new URL('/browse', shop.gatewayUrl));
    expect(browse.status).toBe(200);
    await shop.endFault(fault);
    await eventually(
      'checkout works again',
      () => fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' }),
      ({ status }) => status === 200,
    );
    await eventually(
      'the failed spans have arrived',
      () => new Set(peers.spans.filter(({ isError }) => isError).map(({ service }) => service)),
      (services) => services.has('payments') && services.has('checkout'),
    );
  });

  it('takes no connections, and takes them again, when a dependency refuses', async () => {
    const fault = await shop.fault({
      kind: 'dependency-down',
      service: 'inventory',
      how: 'refuse',
    });
    const checkout = () => fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' });
    const response = await eventually('it fails', checkout, ({ status }) => status === 502);
    const { error } = (await response.json()) as { error: string };
    expect(error).toMatch(/^inventory: (not reachable|connection lost)$/);
    await shop.endFault(fault);
    await eventually('it works again', checkout, ({ status }) => status === 200);
  });

  it('is disturbed from a shell too', async () => {
    const command = (...args: string[]) => faultCommand(shop, args);
    expect(await command('list')).toEqual({ code: 0, text: 'no fault is on' });
    const on = await command('error-burst', 'on', '--service', 'payments', '--magnitude', '0.5');
    expect(on).toEqual({
      code: 0,
      text: 'on: error-burst, payments fails 50 % of its requests, ends by itself in 600 s',
    });
    const off = await command('error-burst', 'off');
    expect(off).toEqual({ code: 0, text: 'off: error-burst, payments fails 50 % of its requests' });
    const wrong = await command('surge', '--magnitude', '99');
    expect(wrong).toEqual({
      code: 1,
      text: 'magnitude 99 of surge is not within 1 and 5',
    });
    expect((await command('earthquake')).code).toBe(2);
  });

  it('answers the page and its files, and refuses buttons pressed from elsewhere', async () => {
    const page = await fetch(shop.url);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const script = await (await fetch(new URL('/page.js', shop.url))).text();
    expect(script).toContain('keepRefreshing');
    const foreign = await fetch(new URL('/faults', shop.url), {
      method: 'POST',
      headers: { origin: 'http://example.com', 'content-type': 'application/json' },
      body: '{"kind":"surge"}',
    });
    expect(foreign.status).toBe(403);
    const simple = await fetch(new URL('/faults', shop.url), {
      method: 'POST',
      body: '{"kind":"surge"}',
    });
    expect(simple.status).toBe(415);
    const malformed = await fetch(`${shop.url}/services/%E0%A4%A`);
    expect(malformed.status).toBe(400);
  });

  it('takes little of the machine', async () => {
    const ratios: number[] = [];
    await eventually(
      'ten readings',
      async () => {
        ratios.push((await shop.state()).cpuRatio);
        return ratios.length;
      },
      (count) => count >= 10,
    );
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    expect(mean).toBeLessThan(0.9);
  });
});

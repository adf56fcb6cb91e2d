import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  isAlive,
  type Peers,
  type Shop,
  startPeers,
  startShop,
} from '../e2e/demo-harness.ts';

let peers: Peers;
let shop: Shop;

beforeEach(async () => {
  peers = await startPeers();
  // Few customers: what is tested here is who lives, not how fast.
  shop = await startShop(peers, { FLYBALL_DEMO_RATE: '20' });
});

afterEach(async () => {
  await shop?.close();
  await peers?.close();
});

async function pids(): Promise<Map<string, number>> {
  const { services } = await shop.state();
  return new Map(
    services.flatMap(({ views }) =>
      views.flatMap(({ instance, pid }) => (pid === null ? [] : [[instance, pid] as const])),
    ),
  );
}

/** Every process the manager has started, the gateway and the customers among them. */
function family(): number[] {
  const file = `/proc/${shop.program.pid}/task/${shop.program.pid}/children`;
  return readFileSync(file, 'utf8').trim().split(/\s+/).map(Number);
}

describe('processes of the shop', () => {
  it('are started again when they are killed, while the others serve', async () => {
    const before = (await pids()).get('checkout-1') ?? 0;
    process.kill(before, 'SIGKILL');
    const outcomes: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      const response = await fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' });
      outcomes.push(response.status);
    }
    expect(outcomes.filter((status) => status === 200).length).toBeGreaterThanOrEqual(38);
    const after = await eventually(
      'a new process',
      async () => (await pids()).get('checkout-1') ?? before,
      (pid) => pid !== before,
    );
    expect(isAlive(after)).toBe(true);
    await eventually(
      'it serves',
      () => shop.requestsPerSecond('checkout-1'),
      (rate) => rate > 1,
    );
  });

  it('have a gateway that comes back where it was', async () => {
    const children = family();
    const services = new Set((await pids()).values());
    for (const pid of children.filter((child) => !services.has(child)))
      process.kill(pid, 'SIGKILL');
    await eventually(
      'the gateway serves again',
      () =>
        fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' })
          .then(({ status }) => status)
          .catch(() => 0),
      (status) => status === 200,
    );
    await eventually(
      'customers come again',
      async () => (await shop.state()).load?.okPerSecond ?? 0,
      (rate) => rate > 12,
    );
  });

  it('end within five seconds of SIGTERM, under load, and leave nothing behind', async () => {
    const children = family();
    expect(children).toHaveLength(10);
    const beganMs = performance.now();
    expect(await shop.program.stop('SIGTERM')).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it('end by themselves when their manager is killed', async () => {
    const children = family();
    await shop.program.stop('SIGKILL');
    await eventually(
      'no child is left',
      () => children.filter(isAlive),
      (alive) => alive.length === 0,
      6_000,
    );
  });

  it('go on without a collector and without a controller', async () => {
    await peers.close();
    // Longer than the window of the figures, so that they are all of the time without peers.
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    await eventually(
      'customers are served, and none fails',
      () => shop.state(),
      ({ load }) => load !== null && load.okPerSecond > 12 && load.failedPerSecond === 0,
    );
  });
});

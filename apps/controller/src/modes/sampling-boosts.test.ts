import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Logger } from '../platform/logger.ts';
import { HttpSamplingBoosts } from './sampling-boosts.http.ts';

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

async function rig() {
  const posted: Record<string, unknown>[] = [];
  const answer = { status: 200 };
  const collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    posted.push(JSON.parse(body));
    response.writeHead(answer.status).end();
  });
  server = collector;
  await new Promise<void>((resolve) => {
    collector.listen(0, '127.0.0.1', resolve);
  });
  const { port } = collector.address() as AddressInfo;
  const clock = { ms: 1_700_000_000_000 };
  const collectorUrl = `http://127.0.0.1:${port}`;
  const door = { collectorUrl, token: 'x'.repeat(16), nowMs: () => clock.ms };
  const logger = { warn: () => {} } as unknown as Logger;
  return { posted, answer, clock, boosts: new HttpSamplingBoosts(door, logger) };
}

test('only the beginning of a boost looks back', async () => {
  const { posted, clock, boosts } = await rig();
  const want = () => boosts.want('shop', 1, 'mode degraded', 300_000);
  await want();
  expect(posted).toMatchObject([{ service: 'shop', sinceMs: clock.ms - 300_000 }]);
  clock.ms += 30_000;
  await want();
  expect(posted).toHaveLength(2);
  expect(posted[1]).not.toHaveProperty('sinceMs');
  await boosts.want('shop', null, 'mode normal', 300_000);
  expect(posted[2]).not.toHaveProperty('sinceMs');
  await want();
  expect(posted[3]).toHaveProperty('sinceMs', clock.ms - 300_000);
});

test('a beginning that the collector did not hear is one again', async () => {
  const { posted, answer, boosts } = await rig();
  answer.status = 503;
  await boosts.want('shop', 1, 'mode degraded', 300_000);
  answer.status = 200;
  await boosts.want('shop', 1, 'mode degraded', 300_000);
  expect(posted.map((boost) => 'sinceMs' in boost)).toEqual([true, true]);
});

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
  const warned: string[] = [];
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
  const logger = {
    warn: (_: object, message: string) => warned.push(message),
  } as unknown as Logger;
  return { posted, answer, clock, warned, boosts: new HttpSamplingBoosts(door, logger) };
}

const WISH = { ratio: 1, why: 'mode degraded', maxSpans: 1000, lookBackMs: 300_000 };

test('only the beginning of a boost looks back', async () => {
  const { posted, clock, boosts } = await rig();
  const want = () => boosts.want('shop', WISH);
  await want();
  expect(posted).toMatchObject([
    { service: 'shop', by: 'mode degraded', maxSpans: 1000, sinceMs: clock.ms - 300_000 },
  ]);
  clock.ms += 10_000;
  await want();
  expect(posted).toHaveLength(1);
  clock.ms += 10_000;
  await want();
  expect(posted).toHaveLength(2);
  expect(posted[1]).not.toHaveProperty('sinceMs');
  await boosts.want('shop', null);
  expect(posted[2]).toMatchObject({ service: 'shop', untilMs: clock.ms });
  expect(posted[2]).not.toHaveProperty('sinceMs');
  await boosts.want('shop', null);
  expect(posted).toHaveLength(3);
  await want();
  expect(posted[3]).toHaveProperty('sinceMs', clock.ms - 300_000);
});

test('another budget is told at once', async () => {
  const { posted, boosts } = await rig();
  await boosts.want('shop', WISH);
  await boosts.want('shop', { ...WISH, maxSpans: 2000 });
  expect(posted).toMatchObject([{ maxSpans: 1000 }, { maxSpans: 2000 }]);
});

test('while the first word is on its way, none is said twice', async () => {
  const { posted, boosts } = await rig();
  const first = boosts.want('shop', WISH);
  await Promise.all([boosts.want('shop', WISH), boosts.want('shop', null), first]);
  expect(posted).toHaveLength(1);
  await boosts.want('shop', null);
  expect(posted).toHaveLength(2);
});

test('a refused one is asked for again, ever more rarely, with one warning', async () => {
  const { posted, answer, clock, warned, boosts } = await rig();
  answer.status = 429;
  const beganMs = clock.ms;
  const askedAtS: number[] = [];
  for (let second = 0; second < 200; second += 1) {
    clock.ms = beganMs + second * 1000;
    const before = posted.length;
    await boosts.want('shop', WISH);
    if (posted.length > before) askedAtS.push(second);
  }
  expect(askedAtS).toEqual([0, 2, 6, 14, 30, 62, 122, 182]);
  expect(warned).toEqual(['the collector took no boost; it is asked again']);
  expect(posted.every((boost) => 'sinceMs' in boost)).toBe(true);
  answer.status = 200;
  clock.ms += 60_000;
  await boosts.want('shop', WISH);
  expect(posted.at(-1)).toHaveProperty('sinceMs', clock.ms - 300_000);
});

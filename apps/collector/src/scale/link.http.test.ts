import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { httpLink } from './link.http.ts';
import { NotTaken } from './link.port.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function server(status: number, headers: Record<string, string> = {}) {
  const seen: { headers: IncomingHttpHeaders; body: string; url: string | undefined }[] = [];
  const sockets = new Set<unknown>();
  const http = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    seen.push({ headers: request.headers, body, url: request.url });
    response.writeHead(status, headers).end('said so');
  });
  http.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const link = httpLink({ address, generation: 7 }, 'a secret of sixteen');
  open.push(
    () => link.close(),
    () => http.close(),
  );
  let number = 0;
  const send = (text: string) => {
    number += 1;
    return link.send(Uint8Array.from(Buffer.from(text)), number, AbortSignal.timeout(2000));
  };
  return { send, seen, sockets };
}

test('batches go over one connection, with the token and the process that is meant', async () => {
  const { send, seen, sockets } = await server(200);
  expect(await send('one')).toEqual({ kind: 'taken' });
  expect(await send('two')).toEqual({ kind: 'taken' });
  expect(seen.map(({ body }) => body)).toEqual(['one', 'two']);
  expect(seen[0]?.url).toBe('/v1/flyball/spans');
  expect(seen[0]?.headers).toMatchObject({
    authorization: 'Bearer a secret of sixteen',
    'flyball-generation': '7',
  });
  expect(sockets.size).toBe(1);
  const batches = seen.map(({ headers }) => String(headers['flyball-batch']).split('/'));
  expect(batches.map(([, number]) => number)).toEqual(['1', '2']);
  expect(batches[0]?.[0]).toBe(batches[1]?.[0]);
});

test('a full member says when to come back', async () => {
  const { send } = await server(429, { 'retry-after': '3' });
  expect(await send('one')).toEqual({ kind: 'busy', retryAfterMs: 3000 });
});

test('one that stops, or is another process, is tried again; one that refuses is not', async () => {
  await expect((await server(503)).send('one')).rejects.toThrow(new NotTaken('said so'));
  await expect((await server(409)).send('one')).rejects.toThrow(new NotTaken('said so'));
  expect(await (await server(401)).send('one')).toEqual({
    kind: 'refused',
    message: '401: said so',
  });
});

test('a member that nobody answers for is a failure', async () => {
  const link = httpLink({ address: 'http://127.0.0.1:9', generation: 1 }, 'a secret of sixteen');
  const sent = link.send(new Uint8Array(1), 1, AbortSignal.timeout(2000));
  await expect(sent).rejects.toBeInstanceOf(NotTaken);
  link.close();
});

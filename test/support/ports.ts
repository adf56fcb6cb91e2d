import { createServer } from 'node:net';

const FIRST = 20_000;
const LAST = 48_000;
const SPAN = 20;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () =>
      probe.close(() => resolve(true)),
    );
  });
}

/** The first of twenty free ports in a row, from somewhere at random, so that runs do not meet. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const base = FIRST + SPAN * Math.floor((Math.random() * (LAST - FIRST)) / SPAN);
    const ports = Array.from({ length: SPAN }, (_, offset) => base + offset);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error('found no twenty free ports in a row');
}

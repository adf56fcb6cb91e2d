import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import type { Outcome } from '../receive/intake.ts';
import { threadLink } from './link.thread.ts';
import { Talk } from './talk.ts';

const open: MessageChannel[] = [];
afterEach(() => {
  for (const { port1, port2 } of open.splice(0)) {
    port1.close();
    port2.close();
  }
});

function channel(): MessageChannel {
  const made = new MessageChannel();
  open.push(made);
  return made;
}

test('both sides ask and answer over one port, in any order', async () => {
  const { port1, port2 } = channel();
  const left = new Talk<number, string>(port1, (text: string) => text.length);
  const right = new Talk<string, number>(port2, async (number: number) => `is ${number}`);
  const answers = await Promise.all([left.ask(1, 5000), left.ask(2, 5000), right.ask('abc', 5000)]);
  expect(answers).toEqual(['is 1', 'is 2', 3]);
});

test('a failure on the other side is a failure here', async () => {
  const { port1, port2 } = channel();
  const left = new Talk<number, string>(port1, () => '');
  new Talk<string, number>(port2, () => {
    throw new Error('no such thing');
  });
  await expect(left.ask(1, 5000)).rejects.toThrow('no such thing');
});

test('no answer in time is a failure too', async () => {
  const { port1 } = channel();
  const left = new Talk<number, string>(port1, () => '');
  await expect(left.ask(1, 5)).rejects.toThrow('did not answer within 5 ms');
});

/** A worker that takes what it has room for. */
function worker() {
  const { port1, port2 } = channel();
  const taken: string[] = [];
  const answers: Outcome[] = [];
  const ok: Outcome = { kind: 'accepted', rejected: { count: 0, message: '' } };
  threadLink(port2, (batch) => {
    const answer = answers.shift() ?? ok;
    if (answer.kind === 'accepted') taken.push(Buffer.from(batch).toString());
    return answer;
  });
  const link = threadLink(port1, () => ok);
  const send = (batch: Uint8Array<ArrayBuffer>, number: number) =>
    link.send(batch, number, AbortSignal.timeout(5000));
  return { taken, answers, send };
}

test('a batch that a worker has no room for is still there to be sent again', async () => {
  const { taken, answers, send } = worker();
  answers.push({ kind: 'busy', message: '', retryAfterMs: 60_000 });
  const batch = Uint8Array.from(Buffer.from('spans'));
  expect(await send(batch, 1)).toEqual({ kind: 'busy', retryAfterMs: 100 });
  expect(await send(batch, 1)).toEqual({ kind: 'taken' });
  expect(taken).toEqual(['spans']);
});

test('a batch that comes again under its number is taken once', async () => {
  const { taken, send } = worker();
  const batch = Uint8Array.from(Buffer.from('spans'));
  await send(batch, 1);
  expect(await send(batch, 1)).toEqual({ kind: 'taken' });
  await send(batch, 2);
  expect(taken).toEqual(['spans', 'spans']);
});

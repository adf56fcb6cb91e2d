import { expect, test } from 'vitest';
import { threadLink } from './link.thread.ts';

/** The end of a port whose other side answers when a test says so. */
function fakePort() {
  const posted: { id: number; question: { number: number } }[] = [];
  let hear: (message: unknown) => void = () => {};
  const port = {
    postMessage: (message: unknown) => posted.push(message as never),
    on: (_: 'message', listener: (message: unknown) => void) => {
      hear = listener;
    },
  };
  const answer = (kind: string) => {
    hear({ kind: 'answer', id: posted.at(-1)?.id, answer: { kind } });
  };
  return { port, posted, answer };
}

const accepted = { kind: 'accepted', rejected: { count: 0, message: '' } } as const;

test('a batch that the worker has not answered yet is not posted again', async () => {
  const { port, posted, answer } = fakePort();
  const link = threadLink(port, () => accepted);
  const first = new AbortController();
  const batch = Uint8Array.of(1, 2, 3);
  const sent = link.send(batch, 1, first.signal);
  first.abort();
  await expect(sent).rejects.toThrow('does not answer');
  const again = link.send(batch, 1, new AbortController().signal);
  answer('taken');
  expect(await again).toEqual({ kind: 'taken' });
  expect(posted).toHaveLength(1);
});

test('a batch that the worker had no room for is', async () => {
  const { port, posted, answer } = fakePort();
  const link = threadLink(port, () => accepted);
  for (const kind of ['busy', 'taken']) {
    const sent = link.send(Uint8Array.of(1, 2, 3), 1, new AbortController().signal);
    answer(kind);
    expect(await sent).toEqual({ kind });
    await Promise.resolve();
  }
  expect(posted.map(({ question }) => question.number)).toEqual([1, 1]);
});

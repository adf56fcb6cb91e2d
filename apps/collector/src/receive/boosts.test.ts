import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { Boost } from '../pipeline/boosts.ts';
import type { Request } from './answer.ts';
import { boostMethods } from './boosts.ts';
import { ByteBudget } from './budget.ts';

const TOKEN = 'a token that only tests know';
const BOOST = JSON.stringify({ service: 'shop', ratio: 1, untilMs: 1, by: 'me' });

function rig(budgetBytes = 1e6) {
  const taken: Boost[] = [];
  const methods = boostMethods({
    token: TOKEN,
    budget: new ByteBudget(budgetBytes),
    set: async (boost) => {
      taken.push(boost);
      return { kind: 'set', boost };
    },
    list: async () => taken,
  });
  const post = async (body: Readable) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await methods.POST?.(Object.assign(body, { headers }) as unknown as Request);
    return [answer?.status, String(answer?.body)] as const;
  };
  return { taken, post };
}

test('a boost that cannot be read is told what is wrong with it', async () => {
  const { post, taken } = rig();
  const large = await post(Readable.from([Buffer.alloc(20_000)]));
  expect(large).toEqual([413, expect.stringContaining('16384 bytes')]);
  expect(await post(Readable.from([Buffer.from('{')]))).toEqual([
    400,
    expect.stringContaining('not JSON'),
  ]);
  expect(await rig(10).post(Readable.from([Buffer.from(BOOST)]))).toEqual([
    503,
    expect.stringContaining('send again'),
  ]);
  expect(taken).toEqual([]);
  expect((await post(Readable.from([Buffer.from(BOOST)])))[0]).toBe(200);
  expect(taken).toHaveLength(1);
});

test('one that does not arrive is too late, not too large', async () => {
  vi.useFakeTimers();
  try {
    const answer = rig().post(new Readable({ read: () => {} }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await answer).toEqual([408, expect.stringContaining('within 5000 ms')]);
  } finally {
    vi.useRealTimers();
  }
});

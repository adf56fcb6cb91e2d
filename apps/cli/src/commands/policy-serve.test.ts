import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flyball, policy, removeFolder } from '../policy.fixture.ts';

afterAll(removeFolder);

const CAPACITY = policy('capacity', {
  loop: 'law: { capacity: { serviceTime: 100ms, utilization: 50% } }\n      every: 15s',
});

/** The answers to these lines, parsed. */
async function answers(file: string, ...lines: readonly (object | string)[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const { code, out, err } = await flyball(['policy', 'serve', file], {
    input: [`${text.join('\n')}\n`],
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.split('\n').map((line) => JSON.parse(line));
}

describe('policy serve', () => {
  it('answers an observation with a decision and its reason', async () => {
    const observation = { nowMs: 0, ratePerSecond: 50, applied: 6, ready: 6 };
    expect(await answers(CAPACITY, observation)).toEqual([
      {
        value: 10,
        reason: 'capacity-need',
        text: '50 requests/s of 100 ms at 0.5 use need 10.',
        terms: expect.objectContaining({ ratePerSecond: 50, need: 10, applied: 6 }),
        proposed: 10,
      },
    ]);
  });

  it('bounds the law as the controller would', async () => {
    const rate = (ratePerSecond: number, applied: number) => ({ nowMs: 0, ratePerSecond, applied });
    const value = async (...given: Parameters<typeof rate>) => {
      const [answer] = await answers(CAPACITY, rate(...given));
      return [answer.value, answer.proposed, answer.reason];
    };
    expect(await value(1_000, 30)).toEqual([40, 200, 'at-max']);
    expect(await value(50, 4)).toEqual([8, 10, 'step-up-limit']);
  });

  it('takes the last answer as applied where nothing is said of it', async () => {
    const lines = [
      { nowMs: 0, ratePerSecond: 50, applied: 9 },
      { nowMs: 15_000, ratePerSecond: 50 },
      { nowMs: 30_000, ratePerSecond: 50, applied: 9 },
      { nowMs: 45_000, ratePerSecond: 50, ready: 7, starting: 1 },
    ];
    const told = await answers(CAPACITY, ...lines);
    expect(told.map(({ terms }) => terms.applied)).toEqual([9, 10, 9, 8]);
    // Before any answer there is as much as the policy has at least.
    expect((await answers(CAPACITY, { nowMs: 0, ratePerSecond: 50 }))[0].terms.applied).toBe(2);
  });

  it('begins anew after a reset, and says what it serves', async () => {
    const lines = [
      { nowMs: 1_000_000, ratePerSecond: 50, applied: 10 },
      { reset: true },
      { nowMs: 0, ratePerSecond: 50, applied: 10 },
    ];
    const [first, reset, second] = await answers(CAPACITY, ...lines);
    expect(reset).toEqual({
      reset: true,
      policy: 'capacity',
      law: 'capacity',
      everyMs: 15_000,
      min: 2,
      max: 40,
    });
    // Without it the clock would have gone back.
    expect(second).toEqual(first);
    expect((await answers(CAPACITY, lines[0] ?? '', lines[2] ?? ''))[1].reason).toBe(
      'clock-went-back',
    );
  });

  it('answers bad lines with what is wrong, and loses nothing by them', async () => {
    const lines = [
      { nowMs: 0, ratePerSecond: 50, applied: 9 },
      'nonsense',
      '[1, 2]',
      'null',
      { ratePerSecond: 50 },
      { nowMs: 5, ratePerSecond: 'many' },
      '{"nowMs": 5, "ratePerSecond": 1e999}',
      '',
      '   ',
      { nowMs: 15_000, ratePerSecond: 50 },
    ];
    const told = await answers(CAPACITY, ...lines);
    expect(told.map((answer) => answer.error ?? answer.terms.applied)).toEqual([
      9,
      expect.stringMatching(/^no JSON: /),
      expect.stringMatching(/^the line: .*expected object/),
      expect.stringMatching(/^the line: .*expected object/),
      expect.stringMatching(/^nowMs: .*expected number/),
      expect.stringMatching(/^ratePerSecond: .*expected number/),
      expect.stringMatching(/^ratePerSecond: /),
      10,
    ]);
  });

  it('holds without evidence: null, left out and negative are no zeros', async () => {
    const hold = async (more: object) => {
      const [answer] = await answers(CAPACITY, { nowMs: 0, applied: 9, ...more });
      return [answer.value, answer.reason];
    };
    expect(await hold({})).toEqual([9, 'no-evidence']);
    expect(await hold({ ratePerSecond: null })).toEqual([9, 'no-evidence']);
    expect(await hold({ ratePerSecond: -1 })).toEqual([9, 'invalid-measure']);
    expect(await hold({ ratePerSecond: 50, evidenceAgeMs: null })).toEqual([9, 'evidence-missing']);
    expect(await hold({ ratePerSecond: 50, evidenceAgeMs: 60_000 })).toEqual([9, 'evidence-stale']);
    expect(await hold({ ratePerSecond: 50, hand: true })).toEqual([9, 'hand-control']);
  });

  it('tells of fields it does not know, and what the balancer should do', async () => {
    const auto = policy('auto');
    const observation = {
      nowMs: 0,
      ratePerSecond: 100,
      utilization: 0.9,
      applied: 9,
      utilisation: 1,
    };
    const [answer] = await answers(auto, observation);
    expect(answer).toMatchObject({
      reason: 'demand-above',
      ignored: ['utilisation'],
      weights: { slowStartMs: expect.any(Number) },
    });
    expect((await answers(CAPACITY, { nowMs: 0 }))[0]).not.toHaveProperty('weights');
  });

  it('takes lines in any pieces, and a last one without its end', async () => {
    const line = JSON.stringify({ nowMs: 0, ratePerSecond: 50, applied: 9 });
    const pieces = [line.slice(0, 7), `${line.slice(7)}\r\n${line.slice(0, 3)}`, line.slice(3)];
    const { out } = await flyball(['policy', 'serve', CAPACITY], { input: pieces });
    const told = out.split('\n').map((text) => JSON.parse(text).reason);
    expect(told).toEqual(['capacity-need', 'same-instant']);
  });

  it('has a JSON Schema that its own lines fit', async () => {
    const { code, out } = await flyball(['policy', 'serve', '--schema']);
    expect(code).toBe(0);
    const { $defs } = JSON.parse(out);
    const fits = (schema: object, line: unknown) =>
      z.fromJSONSchema(schema as never).safeParse(line).success;
    expect(fits($defs.input, { reset: true })).toBe(true);
    expect(fits($defs.input, { nowMs: 1, ratePerSecond: null })).toBe(true);
    expect(fits($defs.input, { ratePerSecond: 4 })).toBe(false);
    const told = await answers(policy('auto'), { reset: true }, 'x', {
      nowMs: 0,
      ratePerSecond: 100,
      utilization: 0.9,
      strange: 1,
    });
    for (const line of told) expect(fits($defs.output, line)).toBe(true);
    expect(fits($defs.output, { value: 3 })).toBe(false);
  });
});

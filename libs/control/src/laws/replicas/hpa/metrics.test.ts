import { describe, expect, test } from 'vitest';
import {
  averageValueReplicas,
  combineProposals,
  type HpaPodsAsked,
  type HpaProposal,
  isWithinTolerance,
  plainReplicas,
  resourceReplicas,
  valueReplicas,
} from './metrics.ts';
import type { HpaPod, HpaSample } from './pods.ts';

const NOW = 10_000_000;
const TOLERANCE = { up: 0.1, down: 0.1 };

/*
 * A fleet as a drawing, one word a pod:
 *     30      ready, using 30 milli of a request of 100
 *     ?       ready, no sample             u30   unready (pending), with a sample
 *     x30     deleted, with a sample       *30   a sample of a pod that is not there
 *     30!     no request
 */
function fleet(drawing: string, more: Partial<HpaPodsAsked> = {}): HpaPodsAsked {
  const pods: HpaPod[] = [];
  const samples = new Map<string, HpaSample>();
  for (const [index, word] of drawing.split(' ').filter(Boolean).entries()) {
    const name = `${index}`;
    const value = /-?\d+/.exec(word)?.[0];
    if (value !== undefined) {
      samples.set(name, { valueMilli: Number(value), atMs: NOW, windowMs: 30_000 });
    }
    if (!word.startsWith('*')) {
      pods.push({
        name,
        phase: word.startsWith('u') ? 'pending' : 'running',
        deleted: word.startsWith('x'),
        startedAtMs: 0,
        ready: { is: true, sinceMs: 0 },
        requestMilli: word.endsWith('!') ? null : 100,
      });
    }
  }
  const current = pods.length;
  return {
    current,
    target: 50,
    tolerance: TOLERANCE,
    nowMs: NOW,
    cpu: true,
    pods,
    samples,
    ...more,
  };
}

function resource(drawing: string, more: Partial<HpaPodsAsked> = {}) {
  const proposal = resourceReplicas(fleet(drawing, more));
  return proposal.kind === 'replicas' ? proposal.replicas : proposal.why;
}

function plain(drawing: string, more: Partial<HpaPodsAsked> = {}) {
  const proposal = plainReplicas(fleet(drawing, more));
  return proposal.kind === 'replicas' ? proposal.replicas : proposal.why;
}

describe('utilisation', () => {
  test('is ceil(ratio x ready)', () => {
    expect(resource('90 90 90')).toBe(6);
    expect(resource('70 70 70 70')).toBe(6);
    expect(resource('10 10 10 10 10')).toBe(1);
  });

  test('is cut to whole percent before the ratio', () => {
    // 55.9 % is 55 %, a ratio of 1.1, which is within the tolerance
    expect(resource('559 559', { pods: bigger(2) })).toBe(2);
    expect(resource('560 560', { pods: bigger(2) })).toBe(3);
    expect(resourceReplicas(fleet('1 1 0'))).toEqual({
      kind: 'replicas',
      replicas: 0,
      used: 0,
      ratio: 0,
      assumed: null,
    });
  });

  function bigger(count: number): readonly HpaPod[] {
    return fleet('0 '.repeat(count)).pods.map((pod) => ({ ...pod, requestMilli: 1_000 }));
  }

  test('weighs pods by their requests', () => {
    const pods = fleet('0 0').pods.map((pod, index) => ({
      ...pod,
      requestMilli: index === 0 ? 300 : 100,
    }));
    // (300 + 0) / 400 is 75 %; the mean of the pods would be 50 %
    expect(resource('300 0', { pods })).toBe(3);
  });

  test('within the tolerance stays, bounds included, and up and down may differ', () => {
    expect(resource('45 45')).toBe(2);
    expect(resource('55 55')).toBe(2);
    expect(resource('56 56')).toBe(3);
    expect(resource('44 44 44 44 44 44 44 44 44')).toBe(8);
    const uneven = { up: 0.5, down: 0 };
    expect(resource('75 75', { tolerance: uneven })).toBe(2);
    expect(resource('76 76', { tolerance: uneven })).toBe(4);
    expect(resource('25 25', { tolerance: uneven })).toBe(1);
    expect(isWithinTolerance(1, { up: 0, down: 0 })).toBe(true);
    expect(isWithinTolerance(0.999, { up: 0, down: 0 })).toBe(false);
    expect(isWithinTolerance(1.001, { up: 0, down: 0 })).toBe(false);
  });

  test('a present count differing from the pods is kept within the tolerance', () => {
    expect(resource('50 50', { current: 7 })).toBe(7);
  });
});

describe('missing samples', () => {
  test('count as the whole request when going down', () => {
    // (10 + 10 + 10 + 100) / 400 is 32 %: ceil(0.64 x 4)
    expect(resource('10 10 10 ?')).toBe(3);
    // without the assumption it would be 1
    expect(resource('10 10 10')).toBe(1);
  });

  test('count as the target when that is above 100 %', () => {
    // (50 + 150) / 200 is 100 % of 150 %: ceil(0.67 x 2); with 100 % it would be 75 %, so 1
    expect(resource('50 ?', { target: 150 })).toBe(2);
    expect(resource('10 10 10 10 ?', { target: 150 })).toBe(2);
  });

  test('count as nothing when going up', () => {
    // 90 % would be 2 x 1.8, so 4; with the missing one at 0 it is 60 %, ceil(1.2 x 3)
    expect(resource('90 90')).toBe(4);
    expect(resource('90 90 ?')).toBe(4);
    expect(resource('100 100 ?')).toBe(4);
    expect(resource('100 ? ?')).toBe(3);
  });

  test('a ratio of exactly 1 assumes nothing', () => {
    expect(resourceReplicas(fleet('50 50 ?', { current: 9 }))).toEqual({
      kind: 'replicas',
      replicas: 9,
      used: 50,
      ratio: 1,
      assumed: 50,
    });
  });

  test('a ratio that the assumption turns round changes nothing', () => {
    // 40 % alone, with one missing at 100 %: 60 %, the other way
    expect(resource('40 40 ?')).toBe(3);
    // 80 % alone, with two missing at 0: 26 %
    expect(resource('80 ? ?')).toBe(3);
  });

  test('a ratio that the assumption brings into the tolerance changes nothing', () => {
    // (25 + 25 + 25 + 25 + 100) / 500: 40 %. (40 + 40 + 40 + 100) / 400: 55 %
    expect(resource('40 40 40 ?', { current: 9 })).toBe(9);
    expect(resource('25 25 25 25 ?', { current: 9 })).toBe(4);
  });

  test('a count that would move the other way changes nothing', () => {
    // going down to 80 % of five counted pods, of which there are officially three
    expect(resource('30 30 30 30 80', { current: 3 })).toBe(4);
    expect(resource('25 25 25 25 ?', { current: 3 })).toBe(3);
    // going up to 1.2 x 3 = 4 counted pods, of which there are officially nine
    expect(resource('90 90 ?', { current: 9 })).toBe(9);
  });
});

describe('unready pods', () => {
  test('count as nothing when going up, and not at all when going down', () => {
    expect(resource('90 90')).toBe(4);
    // 180 / 300 is 60 %: ceil(1.2 x 3)
    expect(resource('90 90 u99')).toBe(4);
    // 180 / 400 is 45 %: within the tolerance
    expect(resource('90 90 u u')).toBe(4);
    // 180 / 500: the other way
    expect(resource('90 90 u u u')).toBe(5);
    // going down they are not there, and at a ratio of exactly 1 neither
    expect(resource('10 10 10 u99 u99')).toBe(1);
    expect(resource('50 50 u u')).toBe(4);
  });

  test('together with missing pods', () => {
    // 200 / 500 is 40 %: the other way
    expect(resource('100 100 ? u u')).toBe(5);
    // 300 / 500 is 60 %: ceil(1.2 x 5)
    expect(resource('100 100 100 ? u')).toBe(6);
    // going down the missing one is full, the unready one is not there: 130 / 400, ceil(0.64 x 4)
    expect(resource('10 10 10 ? u99')).toBe(3);
  });

  test('deleted pods and their samples are not there at all', () => {
    expect(resource('90 90 x0')).toBe(4);
    expect(resource('90 90 x0 ?')).toBe(4);
  });
});

describe('what disables the utilisation', () => {
  test('one pod without a request, even one that is ignored', () => {
    expect(resource('90 90 90!')).toBe('no-request');
    expect(resource('90 90 x!')).toBe('no-request');
  });

  test('no pods, no samples, samples of none of the pods', () => {
    expect(resource('')).toBe('no-pods');
    expect(resource('*90')).toBe('no-pods');
    expect(resource('? ?')).toBe('no-samples');
    expect(resource('u90 x90')).toBe('no-samples');
    expect(resource('? *90')).toBe('unknown-pods');
  });

  test('a negative sample', () => {
    expect(resource('90 -1')).toBe('impossible');
  });
});

test('samples of unknown pods inflate the count where pods were assumed, as in Kubernetes', () => {
  expect(resource('90 90 ?')).toBe(4);
  // two more samples: 60 % of five counted
  expect(resource('90 90 ? *1 *1')).toBe(6);
  // where nothing was assumed the ready pods are counted
  expect(resource('90 90 *1 *1')).toBe(4);
});

describe('plain metrics', () => {
  test('are the mean of the samples, cut to whole thousandths', () => {
    expect(plain('90 90 90')).toBe(6);
    // (56 + 55) / 2 is cut to 55
    expect(plain('56 55')).toBe(2);
    expect(plain('56 56')).toBe(3);
    expect(plainReplicas(fleet('20 31'))).toEqual({
      kind: 'replicas',
      replicas: 1,
      used: 25,
      ratio: 0.5,
      assumed: null,
    });
  });

  test('missing ones use the target on the way down, nothing on the way up', () => {
    // (10 + 10 + 10 + 50) / 4 is 20: ceil(0.4 x 4)
    expect(plain('10 10 10 ?')).toBe(2);
    expect(plain('90 90 ?')).toBe(4);
    // (40 x 4 + 50) / 5 is 42, a ratio of 0.84
    expect(plain('40 40 40 40 ?')).toBe(5);
    // (44 + 50) / 2 is 47, within the tolerance
    expect(plain('44 ?', { current: 7 })).toBe(7);
    expect(plain('50 50 ?', { current: 9 })).toBe(9);
  });

  test('a turned ratio or count changes nothing here too', () => {
    expect(plain('80 ? ?')).toBe(3);
    expect(plain('90 90 ?', { current: 9 })).toBe(9);
    expect(plain('10 10 10 ?', { current: 1 })).toBe(1);
  });

  test('readiness does not matter unless the pod is pending', () => {
    const pods = fleet('0 0').pods.map((pod) => ({
      ...pod,
      ready: { is: false, sinceMs: 0 },
    }));
    expect(plain('90 90', { pods, cpu: false })).toBe(4);
    expect(plain('90 90 u90', { cpu: false })).toBe(4);
  });

  test('requests do not matter; pods, samples and signs do', () => {
    expect(plain('90! 90!')).toBe(4);
    expect(plain('')).toBe('no-pods');
    expect(plain('? ?')).toBe('no-samples');
    expect(plain('90 -1')).toBe('impossible');
    // of unknown pods too, for the mean as for the count
    expect(plain('90 90 ? *90 *90')).toBe(8);
  });
});

describe('Value', () => {
  const asked = { current: 5, ready: 4, target: 100, tolerance: TOLERANCE };
  const value = (usage: number, more: Partial<typeof asked> = {}) => {
    const proposal = valueReplicas({ ...asked, ...more, usage });
    return proposal.kind === 'replicas' ? proposal.replicas : proposal.why;
  };

  test('multiplies by the pods that are ready', () => {
    expect(value(200)).toBe(8);
    expect(value(50)).toBe(2);
    expect(value(51)).toBe(3);
    expect(value(0)).toBe(0);
  });

  test('within the tolerance it is the present count, not that of the ready', () => {
    expect(value(90)).toBe(5);
    expect(value(110)).toBe(5);
    expect(value(111)).toBe(5);
    expect(value(126)).toBe(6);
  });

  test('with none ready it is 0 at any load', () => {
    expect(value(1_000_000, { ready: 0 })).toBe(0);
  });

  test('from 0 replicas it is the ratio itself', () => {
    expect(value(850, { current: 0, ready: 0 })).toBe(9);
    expect(value(100, { current: 0, ready: 7 })).toBe(1);
    expect(value(0, { current: 0 })).toBe(0);
  });

  test('refuses negatives and what is no number; what is too large is the largest integer', () => {
    expect(value(-1)).toBe('impossible');
    expect(value(Number.NaN)).toBe('impossible');
    expect(value(1e300)).toBe(2_147_483_647);
  });
});

describe('AverageValue', () => {
  const value = (usage: number, replicas = 5) => {
    const asked = { replicas, target: 100, tolerance: TOLERANCE, usage };
    const proposal = averageValueReplicas(asked);
    return proposal.kind === 'replicas' ? proposal.replicas : proposal.why;
  };

  test('shares the metric among the replicas there are', () => {
    expect(value(1_000)).toBe(10);
    expect(value(1_001)).toBe(11);
    expect(value(100)).toBe(1);
    expect(value(0)).toBe(0);
  });

  test('within the tolerance it is the count there is', () => {
    expect(value(450)).toBe(5);
    expect(value(449)).toBe(5);
    expect(value(399)).toBe(4);
    expect(value(550)).toBe(5);
    expect(value(551)).toBe(6);
  });

  test('with no replicas it is the metric over the target', () => {
    expect(value(301, 0)).toBe(4);
    expect(value(0, 0)).toBe(0);
  });

  test('refuses a negative sum, which Kubernetes turns into the largest integer', () => {
    expect(value(-1)).toBe('impossible');
    expect(value(Number.POSITIVE_INFINITY)).toBe('impossible');
    expect(value(1e300)).toBe(2_147_483_647);
  });

  test('tells what it was taken of', () => {
    expect(
      averageValueReplicas({ replicas: 4, target: 50, tolerance: TOLERANCE, usage: 400 }),
    ).toEqual({ kind: 'replicas', replicas: 8, used: 400, ratio: 2, assumed: null });
    const asked = { current: 2, ready: 2, target: 50, tolerance: TOLERANCE, usage: 75 };
    expect(valueReplicas(asked)).toEqual({
      kind: 'replicas',
      replicas: 3,
      used: 75,
      ratio: 1.5,
      assumed: null,
    });
  });
});

describe('several metrics', () => {
  const asks = (replicas: number): HpaProposal => ({
    kind: 'replicas',
    replicas,
    used: 1,
    ratio: 1,
    assumed: null,
  });
  const broken = (why: 'no-samples' | 'no-request'): HpaProposal => ({ kind: 'invalid', why });

  test('the most decides, the first of equals', () => {
    const combined = combineProposals(5, [asks(3), asks(7), asks(7), asks(2)]);
    expect(combined).toEqual({ kind: 'desired', replicas: 7, index: 1 });
    expect(combineProposals(5, [asks(0)])).toEqual({ kind: 'desired', replicas: 0, index: 0 });
  });

  test('all invalid: no scaling, for the first reason', () => {
    const combined = combineProposals(5, [broken('no-request'), broken('no-samples')]);
    expect(combined).toEqual({ kind: 'invalid', why: 'no-request' });
  });

  test('some invalid: up and staying are allowed, down is not', () => {
    const beside = (replicas: number) =>
      combineProposals(5, [asks(replicas), broken('no-samples')]).kind;
    expect([6, 5, 4].map(beside)).toEqual(['desired', 'desired', 'no-scale-down']);
    expect(combineProposals(5, [broken('no-samples'), asks(4)])).toEqual({
      kind: 'no-scale-down',
      replicas: 4,
      index: 1,
    });
  });
});

import { describe, expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { seeded } from '../otlp/load.fixture.ts';
import type { SpanSketch } from '../otlp/trace.fixture.ts';
import type { TraceView } from '../window/trace-view.ts';
import type { Decision } from './decision.ts';
import type { Condition, DynamicSpec, SamplerSpec, SamplingRules } from './rules.ts';
import { Sampler } from './sampler.ts';
import { Estimates, pick, Template } from './unbiased.fixture.ts';

const strings = new Interner();

/** Three services of very different frequency, sizes from 1 to 40 spans, some failures. */
function sketches(service: string, count: number, error: boolean, traceState = ''): SpanSketch[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `s${at}`,
    ...(at === 0 ? {} : { parent: 's0' }),
    service,
    name: `op${at % 3}`,
    error: error && at === count - 1,
    traceState,
    attributes: { route: `${service}-${count}` },
  }));
}

function templatesOf(traceState = ''): { template: Template; weight: number }[] {
  const forms: [string, number, boolean, number][] = [
    ['web', 4, false, 60],
    ['web', 12, true, 2],
    ['pay', 3, false, 20],
    ['pay', 3, true, 3],
    ['batch', 1, false, 10],
    ['batch', 40, false, 4],
    ['batch', 8, true, 1],
  ];
  return forms.map(([service, count, error, weight]) => ({
    template: new Template(strings, sketches(service, count, error, traceState)),
    weight,
  }));
}

interface Scenario {
  rules: SamplingRules;
  /** Traces a second at this moment, by seconds since the start; 200 unless told. */
  rate?: (second: number) => number;
  seconds?: number;
  /** Probabilities with which traces were thinned out before they came; 1 is not at all. */
  heads?: number[];
  /** Called before each trace. */
  change?: (sampler: Sampler, second: number) => void;
  /** Traces of so many spans, one in a hundred. */
  giants?: number;
  /** Decides instead of the sampler: for what is wrong on purpose. */
  decide?: (trace: TraceView, nowMs: number) => Decision;
}

/** `ot=th` of a head sampler. */
const THRESHOLDS: Record<string, string> = { '1': '', '0.5': 'ot=th:8', '0.125': 'ot=th:e' };

const populations = new Map(
  Object.entries(THRESHOLDS).map(([head, state]) => [Number(head), templatesOf(state)]),
);

/** Several runs with seeds of their own, added up. */
function estimate(scenario: Scenario): Estimates {
  const estimates = new Estimates(strings);
  for (let seed = 1; seed <= 4; seed += 1) run(scenario, seed * 7919, estimates);
  return estimates;
}

function run(scenario: Scenario, seed: number, estimates: Estimates): void {
  const { rules, rate = () => 200, seconds = 40, heads = [1], change } = scenario;
  const random = seeded(seed);
  const giant =
    scenario.giants === undefined
      ? undefined
      : { template: new Template(strings, sketches('batch', scenario.giants, false)) };
  const sampler = new Sampler(strings, rules, { remembered: 0 });
  const decide = scenario.decide ?? ((trace, nowMs) => sampler.decide(trace, nowMs));
  for (let nowMs = 0; nowMs < seconds * 1000; ) {
    const second = nowMs / 1000;
    nowMs += (-Math.log(1 - random()) * 1000) / rate(second);
    change?.(sampler, second);
    const head = heads[Math.floor(random() * heads.length)] as number;
    const usual = populations.get(head) as ReturnType<typeof templatesOf>;
    const { template } = giant !== undefined && random() < 0.01 ? giant : pick(usual, random);
    const trace = template.next(random);
    // What the head sampler rejected never comes.
    const randomness = (trace.spans.word(0, 2) & 0xffffff) / 2 ** 24;
    if (randomness < 1 - head) {
      estimates.there(trace.spans);
      continue;
    }
    const decision = decide(trace, nowMs);
    const all = heads.length === 1 && scenario.decide === undefined;
    estimates.there(trace.spans, all ? decision.probability : undefined);
    if (decision.keep) estimates.kept(trace.spans, decision);
  }
}

function expectUnbiased(scenario: Scenario): Estimates {
  const estimates = estimate(scenario);
  expect(Object.keys(estimates.deviations()).sort()).toEqual([
    'all',
    'batch',
    'errors',
    'pay',
    'web',
  ]);
  for (const [name, deviation] of Object.entries(estimates.deviations())) {
    expect(deviation, name).toBeLessThan(3);
  }
  return estimates;
}

const share = (probability: number): SamplerSpec => ({ kind: 'probability', probability });
const ERROR: Condition = { kind: 'span', where: { kind: 'status', anyOf: ['error'] } };
const serviceIs = (service: string): Condition => ({
  kind: 'span',
  where: { kind: 'service', name: { kind: 'any_of', values: [service] } },
});
const limit = (unit: 'traces' | 'spans' | 'bytes', perSecond: number): SamplerSpec => ({
  kind: 'limit',
  unit,
  perSecond,
  burst: perSecond,
  probability: 1,
});
const dynamic = (target: DynamicSpec['target'], maxKeys = 100): SamplerSpec => ({
  kind: 'dynamic',
  by: [{ kind: 'service' }, { kind: 'attribute', key: 'route' }],
  unit: 'spans',
  target,
  everyMs: 5000,
  weight: 0.5,
  maxKeys,
});
const only = (sampler: SamplerSpec): SamplingRules => ({ rules: [{ name: 'only', sampler }] });
const budget: SamplerSpec = {
  kind: 'budget',
  unit: 'spans',
  perSecond: 200,
  burst: 100,
  parts: [
    { name: 'errors', when: ERROR, share: 2, probability: 1 },
    { name: 'pay', when: serviceIs('pay'), share: 1, probability: 0.5 },
    { name: 'rest', share: 1, probability: 1 },
  ],
};

/** Ten times as much for ten seconds out of twenty. */
const surge = (second: number) => (second % 20 < 10 ? 60 : 600);

describe('sums over adjusted counts are the truth within 3 sigma', () => {
  test('probabilities by rule', () => {
    expectUnbiased({
      rules: {
        rules: [
          { name: 'errors', when: ERROR, sampler: share(1) },
          { name: 'pay', when: serviceIs('pay'), sampler: share(0.3) },
          { name: 'rest', sampler: share(0.07) },
        ],
      },
    });
  });

  test.each(['traces', 'spans', 'bytes'] as const)('a limit of %s a second', (unit) => {
    const rate = { traces: 20, spans: 100, bytes: 10_000 }[unit];
    expectUnbiased({ rules: only(limit(unit, rate)) });
  });

  test('a limit under a surge of ten times', () => {
    expectUnbiased({ rules: only(limit('spans', 100)), rate: surge, seconds: 80 });
  });

  test('a limit that giants meet', () => {
    expectUnbiased({ rules: only(limit('spans', 100)), giants: 1500 });
  });

  test('a limit whose rate is changed again and again', () => {
    let last = -1;
    expectUnbiased({
      rules: only(limit('traces', 20)),
      change: (sampler, second) => {
        const part = Math.floor(second / 3);
        if (part === last) return;
        last = part;
        sampler.configure(only(limit('traces', [5, 80, 20][part % 3] as number)));
      },
    });
  });

  test('dynamic: a share, a rate, more keys than it may know, a surge', () => {
    expectUnbiased({ rules: only(dynamic({ kind: 'share', share: 0.1 })) });
    expectUnbiased({ rules: only(dynamic({ kind: 'rate', perSecond: 80 })) });
    expectUnbiased({ rules: only(dynamic({ kind: 'rate', perSecond: 80 }, 2)) });
    expectUnbiased({ rules: only(dynamic({ kind: 'rate', perSecond: 80 })), rate: surge });
  });

  test('a budget, calm and in a surge', () => {
    expectUnbiased({ rules: only(budget) });
    expectUnbiased({ rules: only(budget), rate: surge });
  });

  test('a rule on what is new, which looks at what came before', () => {
    expectUnbiased({
      rules: {
        rules: [
          {
            name: 'new',
            when: { kind: 'new', what: 'operation', unseenForMs: 200, forMs: 500 },
            sampler: share(0.8),
          },
          { name: 'rest', sampler: limit('spans', 100) },
        ],
      },
    });
  });

  test('boosts that come, end, and use up their budget', () => {
    let last = -1;
    expectUnbiased({
      rules: only(share(0.02)),
      change: (sampler, second) => {
        const part = Math.floor(second / 4);
        if (part === last) return;
        last = part;
        const untilMs = second * 1000 + 2500;
        const target = { kind: 'service' as const, service: 'pay' };
        const edge = { kind: 'operation' as const, service: 'web', operation: 'op1' };
        sampler.setBoosts([
          { name: `pay${part}`, target, probability: 0.6, untilMs },
          { name: `web${part}`, target: edge, probability: 0.5, untilMs, maxSpans: 300 },
        ]);
      },
    });
  });

  test('traces thinned out before they came, at several rates at once', () => {
    const heads = [1, 0.5, 0.125];
    expectUnbiased({ rules: only(share(0.2)), heads });
    expectUnbiased({ rules: only(limit('spans', 100)), heads });
    expectUnbiased({ rules: only(dynamic({ kind: 'rate', perSecond: 80 })), heads });
    expectUnbiased({ rules: only(budget), heads, rate: surge });
  });

  test('a dry run keeps all, and all counts once', () => {
    const estimates = expectUnbiased({ rules: { ...only(limit('traces', 20)), dryRun: true } });
    const { truth, estimate: estimated } = estimates.sums.get('all') ?? {};
    expect(estimated).toBe(truth);
  });
});

// If a bucket that keeps until it is empty passed these tests, they would prove nothing.
test('a bucket that keeps until it is empty, and tells a mean rate, is found out', () => {
  let tokens = 100;
  let lastMs = 0;
  let seen = 0;
  let kept = 0;
  const naive = (trace: TraceView, nowMs: number): Decision => {
    if (nowMs < lastMs) [tokens, lastMs, seen, kept] = [100, 0, 0, 0];
    tokens = Math.min(100, tokens + (nowMs - lastMs) / 10);
    lastMs = nowMs;
    seen += trace.spans.count;
    const keep = tokens >= trace.spans.count;
    if (keep) {
      tokens -= trace.spans.count;
      kept += trace.spans.count;
    }
    const probability = Math.max(1e-6, kept / seen);
    const threshold = BigInt(Math.round((1 - probability) * 2 ** 52)) << 4n;
    return { keep, probability, threshold, reason: 'limit', rule: 'naive' };
  };
  const estimates = estimate({ rules: only(share(1)), decide: naive });
  expect(Math.max(...Object.values(estimates.deviations()))).toBeGreaterThan(6);
});

describe('rates are held', () => {
  function keptPerSecond(rules: SamplingRules, rate: (second: number) => number): number[] {
    const sampler = new Sampler(strings, rules, { remembered: 0 });
    const random = seeded(42);
    const seconds = new Array<number>(60).fill(0);
    for (let nowMs = 0; nowMs < 60_000; ) {
      nowMs += (-Math.log(1 - random()) * 1000) / rate(nowMs / 1000);
      const trace = pick(
        populations.get(1) as ReturnType<typeof templatesOf>,
        random,
      ).template.next(random);
      const { keep } = sampler.decide(trace, nowMs);
      const second = Math.floor(nowMs / 1000);
      if (keep && second < 60) seconds[second] = (seconds[second] as number) + trace.spans.count;
    }
    return seconds;
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  test('a limit keeps as much as it may, and not more', () => {
    const seconds = keptPerSecond(only(limit('spans', 100)), () => 500);
    expect(mean(seconds.slice(5))).toBeGreaterThan(85);
    expect(mean(seconds.slice(5))).toBeLessThan(110);
  });

  test('a surge of ten times is past within seconds', () => {
    const seconds = keptPerSecond(only(limit('spans', 100)), (second) => (second < 30 ? 60 : 600));
    expect(mean(seconds.slice(30, 40))).toBeLessThan(160);
    expect(mean(seconds.slice(40))).toBeLessThan(110);
  });

  test('a giant takes no room from the others for long', () => {
    const sampler = new Sampler(strings, only(limit('spans', 100)), { remembered: 0 });
    const random = seeded(5);
    const template = new Template(strings, sketches('web', 4, false));
    const giant = new Template(strings, sketches('batch', 5000, false));
    const meanP = (fromMs: number): number => {
      let sum = 0;
      for (let ms = 0; ms < 5000; ms += 20) {
        sum += sampler.decide(template.next(random), fromMs + ms).probability;
      }
      return sum / 250;
    };
    meanP(0);
    const before = meanP(5000);
    const { probability } = sampler.decide(giant.next(random), 10_000);
    expect(probability).toBeLessThan(before / 4);
    meanP(10_000);
    expect(meanP(15_000)).toBeGreaterThan(before / 2);
  });

  test('what is below the limit is kept whole', () => {
    const sampler = new Sampler(strings, only(limit('traces', 100)), { remembered: 0 });
    const template = new Template(strings, sketches('web', 2, false));
    const random = seeded(1);
    for (let ms = 0; ms < 20_000; ms += 50) {
      expect(sampler.decide(template.next(random), ms).probability).toBe(1);
    }
  });

  test('a budget gives what one part leaves to the others', () => {
    const seconds = keptPerSecond(only(budget), () => 500);
    expect(mean(seconds.slice(5))).toBeGreaterThan(160);
    expect(mean(seconds.slice(5))).toBeLessThan(230);
  });

  test('dynamic keys: the rare ones whole, the rate as asked', () => {
    const spec = dynamic({ kind: 'rate', perSecond: 300 });
    const seconds = keptPerSecond(only(spec), () => 500);
    expect(mean(seconds.slice(10))).toBeGreaterThan(240);
    expect(mean(seconds.slice(10))).toBeLessThan(330);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairQueue } from './fair-queue.ts';

const T = 1_000_000;
const AGING_MS = 500;
/** Powers of two and whole costs: the tags are exact. */
const WEIGHTS = { a: 1, b: 2, c: 4, d: 0.5 } as const;
const TENANTS = ['a', 'b', 'c', 'd'] as const;

interface Tagged {
  readonly id: string;
  readonly tenant: string;
  readonly atMs: number;
  readonly start: number;
  readonly finish: number;
}

/** The textbook's way: every item gets its tags when it comes, and the whole list is searched. */
class SlowQueue {
  private readonly classes = [0, 1, 2].map(() => ({
    virtual: 0,
    items: [] as Tagged[],
    finish: new Map<string, number>(),
  }));

  offer(of: { id: string; tenant: string; atMs: number; cost: number }, priority: number): void {
    const { virtual, items, finish } = this.classes[priority]!;
    const start = Math.max(virtual, finish.get(of.tenant) ?? 0);
    const end = start + of.cost / WEIGHTS[of.tenant as 'a'];
    finish.set(of.tenant, end);
    items.push({ ...of, start, finish: end });
  }

  take(): string | null {
    const candidates = this.classes.flatMap(({ items, finish }, priority) => {
      // Among equal tags the tenant that came first to this class since it was last empty.
      const order = [...finish.keys()];
      const [next] = items.toSorted(
        (x, y) => x.start - y.start || order.indexOf(x.tenant) - order.indexOf(y.tenant),
      );
      return next === undefined ? [] : [{ next, priority }];
    });
    const [best] = candidates.toSorted(
      (x, y) => x.next.atMs + x.priority * AGING_MS - (y.next.atMs + y.priority * AGING_MS),
    );
    if (best === undefined) return null;
    const of = this.classes[best.priority]!;
    of.items = of.items.filter((item) => item !== best.next);
    of.virtual = best.next.start;
    if (of.items.length === 0) {
      of.virtual = 0;
      of.finish.clear();
    }
    return best.next.id;
  }
}

const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200 })),
    act: fc.constantFrom('offer', 'offer', 'take'),
    tenant: fc.constantFrom(...TENANTS),
    priority: fc.nat({ max: 2 }),
    cost: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 200, size: 'max' },
);

test('serves in the order of tags given at arrival, class by class with aging', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      let state = fairQueue.init({ priorities: 3, agingMs: AGING_MS, weights: WEIGHTS });
      const slow = new SlowQueue();
      let nowMs = T;
      sequence.forEach(({ gapMs, act, tenant, priority, cost }, at) => {
        nowMs += gapMs;
        const id = `${tenant}${at}`;
        if (act === 'offer') {
          state = fairQueue.step(state, { kind: 'offer', nowMs, id, tenant, priority, cost }).state;
          slow.offer({ id, tenant, atMs: nowMs, cost }, priority);
        } else {
          const step = fairQueue.step(state, { kind: 'take', nowMs });
          state = step.state;
          expect(step.output.item?.id ?? null).toBe(slow.take());
        }
      });
    }),
  );
});

test('service of any two with items waiting differs by no more than one item of each', () => {
  const weights = fc.record({
    a: fc.double({ min: 0.1, max: 10, noNaN: true }),
    b: fc.double({ min: 0.1, max: 10, noNaN: true }),
    c: fc.double({ min: 0.1, max: 10, noNaN: true }),
  });
  const costs = fc.array(fc.double({ min: 0.1, max: 6, noNaN: true }), {
    minLength: 150,
    maxLength: 150,
  });
  const tenants = ['a', 'b', 'c'] as const;
  fc.assert(
    fc.property(weights, costs, (given, list) => {
      let state = fairQueue.init({ weights: given });
      const costOf = new Map<string, number>();
      list.forEach((cost, at) => {
        const tenant = tenants[at % 3]!;
        const id = `${tenant}${at}`;
        costOf.set(id, cost);
        const input = { kind: 'offer', nowMs: T, id, tenant, priority: 0, cost } as const;
        state = fairQueue.step(state, input).state;
      });
      const served = { a: 0, b: 0, c: 0 };
      const left = { a: 50, b: 50, c: 50 };
      for (;;) {
        const { state: next, output } = fairQueue.step(state, { kind: 'take', nowMs: T });
        state = next;
        const tenant = output.item!.tenant as 'a';
        served[tenant] += costOf.get(output.item!.id)! / given[tenant];
        left[tenant] -= 1;
        if (left[tenant] === 0) break;
        for (const [i, j] of [
          ['a', 'b'],
          ['a', 'c'],
          ['b', 'c'],
        ] as const) {
          const bound = 6 / given[i] + 6 / given[j];
          expect(Math.abs(served[i] - served[j])).toBeLessThanOrEqual(bound + 1e-9);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('whatever comes: every item leaves once, within its bounds, and nothing is lost', () => {
  const config = { priorities: 3, maxItems: 10, maxPerTenant: 6, maxTenants: 3, maxWaitMs: 2_000 };
  fc.assert(
    fc.property(steps, (sequence) => {
      let state = fairQueue.init(config);
      let nowMs = T;
      const inside = new Set<string>();
      sequence.forEach(({ gapMs, act, tenant, priority, cost }, at) => {
        nowMs += gapMs;
        const id = `${tenant}${at}`;
        const input =
          act === 'offer'
            ? ({ kind: 'offer', nowMs, id, tenant, priority, cost } as const)
            : ({ kind: 'take', nowMs } as const);
        const { state: next, output } = fairQueue.step(state, input);
        state = next;
        if (act === 'offer' && output.value) inside.add(id);
        const pushed = output.dropped.filter((each) => each.cause === 'pushed-out');
        expect(pushed.length).toBeLessThanOrEqual(act === 'offer' && output.value ? 1 : 0);
        const gone = [...output.dropped, ...(output.item === null ? [] : [output.item])];
        for (const each of gone) {
          expect(inside.delete(each.id)).toBe(true);
          expect(each.waitedMs).toBeLessThanOrEqual(nowMs - T);
        }
        expect(output.item === null || output.item.waitedMs < config.maxWaitMs).toBe(true);
        if (act === 'take' && !output.value) expect(inside.size).toBe(0);
        expect(state.size).toBe(inside.size);
        expect(state.size).toBeLessThanOrEqual(config.maxItems);
        const queued = state.classes.flatMap((of) => {
          expect(of.flows.length).toBeLessThanOrEqual(config.maxTenants);
          const ids = of.flows.flatMap((flow) => {
            expect(flow.items.size).toBeLessThanOrEqual(config.maxPerTenant);
            return flow.items.chunks.flat().map((item) => item.id);
          });
          expect(of.size).toBe(ids.length);
          return ids;
        });
        expect(new Set(queued)).toEqual(inside);
      });
    }),
    { numRuns: 50 },
  );
});

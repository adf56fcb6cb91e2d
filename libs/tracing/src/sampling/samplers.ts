import type { TraceView } from '../window/trace-view.ts';
import type { AttributeColumns } from './attribute-columns.ts';
import { compileCondition, type TestContext, type TraceTest } from './conditions.ts';
import { DynamicRates } from './dynamic-rates.ts';
import { NameHashes } from './name-hashes.ts';
import { RateGate } from './rate-gate.ts';
import type { BudgetPart, BudgetSpec, CostUnit, DynamicSpec, SamplerSpec } from './rules.ts';

/** Answered instead of a probability: this rule has nothing to say about the trace. */
export const PASSES = -1;

/**
 * What a rule does with a trace it matches. The probability may rest on everything that is known of
 * this trace and of those before, but not on its randomness: that is what keeps sums unbiased.
 */
export interface RuleSampler {
  readonly kind: SamplerSpec['kind'];
  /** Part of a budget that the last trace fell to; '' elsewhere. */
  readonly part: string;
  /**
   * 0 … 1, or `PASSES`.
   *
   * @param head probability with which an earlier sampler let the trace pass
   * @param asks only a question: nothing is counted
   */
  probability(trace: TraceView, head: number, nowMs: number, asks: boolean): number;
  /** The trace just asked about is kept. */
  kept(trace: TraceView): void;
  /** Traces counted under a shared key because a table of keys was full. */
  readonly overflowed: number;
}

function costOf(trace: TraceView, unit: CostUnit): number {
  switch (unit) {
    case 'traces':
      return 1;
    case 'spans':
      return trace.spans.count;
    case 'bytes':
      return trace.bytes;
  }
}

/**
 * @param before the sampler of the rule of the same name in the rules before: what it has learnt
 *   is taken over where it still fits
 */
export function createSampler(
  spec: SamplerSpec,
  context: TestContext,
  before: RuleSampler | undefined,
): RuleSampler {
  switch (spec.kind) {
    case 'drop':
      return new Fixed('drop', 0);
    case 'probability':
      return new Fixed('probability', spec.probability);
    case 'limit':
      return new Limit(spec, before instanceof Limit ? before : undefined);
    case 'dynamic':
      return new Dynamic(spec, context, before instanceof Dynamic ? before : undefined);
    case 'budget':
      return new Budget(spec, context, before instanceof Budget ? before : undefined);
  }
}

class Fixed implements RuleSampler {
  readonly kind: 'drop' | 'probability';
  readonly part = '';
  readonly overflowed = 0;
  readonly #probability: number;

  constructor(kind: 'drop' | 'probability', probability: number) {
    this.kind = kind;
    this.#probability = probability;
  }

  probability(): number {
    return this.#probability;
  }

  kept(): void {}
}

/** A gate that held another rate goes on with what it has seen. */
function gateLike(before: RateGate | undefined, perSecond: number, burst: number): RateGate {
  if (before === undefined) return new RateGate(perSecond, burst);
  before.perSecond = perSecond;
  before.burst = burst;
  return before;
}

class Limit implements RuleSampler {
  readonly kind = 'limit';
  readonly part = '';
  readonly overflowed = 0;
  readonly unit: CostUnit;
  readonly gate: RateGate;
  readonly #most: number;

  constructor(spec: SamplerSpec & { kind: 'limit' }, before: Limit | undefined) {
    this.unit = spec.unit;
    this.#most = spec.probability;
    const gate = before?.unit === spec.unit ? before.gate : undefined;
    this.gate = gateLike(gate, spec.perSecond, spec.burst);
  }

  probability(trace: TraceView, head: number, nowMs: number, asks: boolean): number {
    const cost = costOf(trace, this.unit);
    this.gate.advance(nowMs);
    // Where an earlier sampler kept 1 in 10, a probability of 1/10 keeps all that still comes.
    if (!asks) this.gate.arrive(cost / head);
    return Math.min(this.#most, this.gate.probability(cost));
  }

  kept(trace: TraceView): void {
    this.gate.spend(costOf(trace, this.unit));
  }
}

class Dynamic implements RuleSampler {
  readonly kind = 'dynamic';
  readonly part = '';
  readonly spec: DynamicSpec;
  readonly rates: DynamicRates;
  /** Only with a target in seconds: holds it also while the keys change. */
  readonly gate: RateGate | undefined;
  readonly #attributes: AttributeColumns;
  readonly #names: NameHashes;
  readonly #positions: readonly number[];

  constructor(spec: DynamicSpec, context: TestContext, before: Dynamic | undefined) {
    this.spec = spec;
    const same =
      before !== undefined &&
      before.spec.unit === spec.unit &&
      JSON.stringify(before.spec.by) === JSON.stringify(spec.by);
    this.rates = same ? before.rates : new DynamicRates(spec);
    this.rates.configure(spec);
    const { target } = spec;
    this.gate =
      target.kind === 'share'
        ? undefined
        : gateLike(same ? before.gate : undefined, target.perSecond, target.perSecond);
    this.#attributes = context.spanAttributes;
    this.#names = new NameHashes(context.strings);
    this.#positions = spec.by.map((field) =>
      field.kind === 'attribute' ? context.spanAttributes.positionOf(field.key) : -1,
    );
  }

  probability(trace: TraceView, head: number, nowMs: number, asks: boolean): number {
    const key = this.#keyOf(trace);
    const cost = costOf(trace, this.spec.unit);
    this.rates.advance(nowMs);
    if (!asks) this.rates.arrive(key, cost / head);
    const ofKey = this.rates.probability(key);
    const { gate } = this;
    if (gate === undefined) return ofKey;
    gate.advance(nowMs);
    if (!asks) gate.arrive((cost / head) * ofKey);
    return ofKey * gate.probability(cost);
  }

  kept(trace: TraceView): void {
    this.gate?.spend(costOf(trace, this.spec.unit));
  }

  get overflowed(): number {
    return this.rates.overflowed;
  }

  /**
   * 52 bits of hash: two keys out of ten thousand fall together once in 10^8 times. Of names the
   * text counts, not the id, which may be another's when the interner has forgotten.
   */
  #keyOf(trace: TraceView): number {
    const { spans, root } = trace;
    const first = Math.max(0, root);
    let low = 0x9e3779b1;
    let high = 0x85ebca6b;
    for (let field = 0; field < this.#positions.length; field += 1) {
      const { kind } = this.spec.by[field] as DynamicSpec['by'][number];
      if (kind === 'attribute') {
        const place = this.#placeOf(trace, this.#positions[field] as number);
        if (place >= 0) {
          const bytes = this.#attributes.source(place);
          const end = this.#attributes.end(place);
          for (let at = this.#attributes.start(place); at < end; at += 1) {
            low = Math.imul(low ^ (bytes[at] as number), 0x01000193);
            high = Math.imul(high ^ (bytes[at] as number), 0x5bd1e995);
          }
        }
      } else {
        const id = kind === 'service' ? spans.service(first) : spans.name(first);
        low = Math.imul(low ^ this.#names.low(id), 0x85ebca6b);
        high = Math.imul(high ^ this.#names.high(id), 0xc2b2ae35);
      }
      low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d);
      high = Math.imul(high ^ (high >>> 13), 0x297a2d39);
    }
    return (high >>> 12) * 2 ** 32 + (low >>> 0);
  }

  /** Where the attribute is: on the root, else on the first span that has it. */
  #placeOf({ spans, root }: TraceView, position: number): number {
    if (root >= 0) {
      const place = this.#attributes.find(root, position);
      if (place >= 0) return place;
    }
    for (let span = 0; span < spans.count; span += 1) {
      const place = this.#attributes.find(span, position);
      if (place >= 0) return place;
    }
    return -1;
  }
}

interface Part {
  readonly spec: BudgetPart;
  readonly holds: TraceTest | undefined;
  readonly gate: RateGate;
}

/** How often the shares are settled anew. */
const SETTLE_EVERY_MS = 100;

/**
 * One rate for several parts. Each may use its share at any time; what a part does not need is
 * given to those that need more, again by their shares.
 */
class Budget implements RuleSampler {
  readonly kind = 'budget';
  readonly overflowed = 0;
  readonly spec: BudgetSpec;
  readonly parts: readonly Part[];
  #settledMs = Number.NEGATIVE_INFINITY;
  #last: Part | undefined;

  constructor(spec: BudgetSpec, context: TestContext, before: Budget | undefined) {
    this.spec = spec;
    const known = before?.spec.unit === spec.unit ? before.parts : [];
    const shares = spec.parts.reduce((sum, part) => sum + part.share, 0);
    this.parts = spec.parts.map((part) => {
      const share = part.share / shares;
      const same = known.find((other) => other.spec.name === part.name);
      return {
        spec: part,
        holds: part.when === undefined ? undefined : compileCondition(part.when, context),
        gate: gateLike(same?.gate, spec.perSecond * share, spec.burst * share),
      };
    });
  }

  get part(): string {
    return this.#last?.spec.name ?? '';
  }

  probability(trace: TraceView, head: number, nowMs: number, asks: boolean): number {
    const part = this.#partOf(trace);
    this.#last = part;
    if (part === undefined) return PASSES;
    this.#settle(nowMs);
    part.gate.advance(nowMs);
    const cost = costOf(trace, this.spec.unit);
    if (!asks) part.gate.arrive(cost / head);
    return Math.min(part.spec.probability, part.gate.probability(cost));
  }

  kept(trace: TraceView): void {
    this.#last?.gate.spend(costOf(trace, this.spec.unit));
  }

  #partOf(trace: TraceView): Part | undefined {
    for (const part of this.parts) {
      if (part.holds === undefined || part.holds(trace)) return part;
    }
    return undefined;
  }

  #settle(nowMs: number): void {
    if (nowMs - this.#settledMs < SETTLE_EVERY_MS) return;
    this.#settledMs = nowMs;
    for (const { gate } of this.parts) gate.advance(nowMs);
    let rest = this.spec.perSecond;
    let needy = [...this.parts];
    for (;;) {
      const shares = needy.reduce((sum, { spec }) => sum + spec.share, 0);
      const quota = ({ spec }: Part) => (rest * spec.share) / shares;
      const content = needy.filter((part) => wantOf(part) <= quota(part));
      if (content.length === 0) {
        for (const part of needy) part.gate.perSecond = quota(part);
        return;
      }
      // A part that needs less keeps the right to its quota, should it need it in a moment.
      for (const part of content) part.gate.perSecond = quota(part);
      rest -= content.reduce((sum, part) => sum + wantOf(part), 0);
      needy = needy.filter((part) => !content.includes(part));
      if (needy.length === 0) return;
    }
  }
}

function wantOf({ gate, spec }: Part): number {
  return gate.demand * spec.probability;
}

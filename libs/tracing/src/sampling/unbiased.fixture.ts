import { decodeSpan } from '../otlp/decode-span.ts';
import type { Interner } from '../otlp/interner.ts';
import { type SpanTable, TRACE_A, WORDS } from '../otlp/span-table.ts';
import { type SpanSketch, tableOf } from '../otlp/trace.fixture.ts';
import { TraceView } from '../window/trace-view.ts';
import type { Decision } from './decision.ts';

interface Sum {
  truth: number;
  estimate: number;
  /** Known from the probabilities of all draws. */
  variance: number;
  /** Estimated from what was kept, where not all probabilities are known. */
  estimatedVariance: number;
}

const NOTHING: Sum = { truth: 0, estimate: 0, variance: 0, estimatedVariance: 0 };

/**
 * What there was, and what is estimated of it from what was kept: for all spans, per service, and
 * for failed ones. Spans of one trace share its fate, so a trace is one draw.
 */
export class Estimates {
  readonly #strings: Interner;
  readonly sums = new Map<string, Sum>();

  constructor(strings: Interner) {
    this.#strings = strings;
  }

  /**
   * Spans of one trace that were there, whether they were kept or not.
   *
   * @param probability with which they were to be kept, where it is known also of what was dropped
   */
  there(spans: SpanTable, probability?: number): void {
    const counts = new Map<Sum, number>();
    for (let span = 0; span < spans.count; span += 1) {
      for (const sum of this.#sumsOf(spans, span)) counts.set(sum, (counts.get(sum) ?? 0) + 1);
    }
    for (const [sum, count] of counts) {
      sum.truth += count;
      if (probability !== undefined) {
        sum.variance += (count * count * (1 - probability)) / probability;
      }
    }
  }

  /** Spans of one trace that were kept: weighted as a reader of the rows weights them. */
  kept(spans: SpanTable, decision: Decision, only: (span: number) => boolean = () => true): void {
    const weights = new Map<Sum, number>();
    for (let span = 0; span < spans.count; span += 1) {
      if (!only(span)) continue;
      const { SampleRate } = decodeSpan(spans, span, this.#strings, decision).SpanAttributes;
      const weight = Number(SampleRate);
      for (const sum of this.#sumsOf(spans, span)) {
        weights.set(sum, (weights.get(sum) ?? 0) + weight);
      }
    }
    for (const [sum, weight] of weights) {
      sum.estimate += weight;
      // E[w^2 (1 - p)] over the kept is what (1 - p) / p adds up to over all.
      sum.estimatedVariance += weight * weight * (1 - decision.probability);
    }
  }

  /** How many standard deviations estimate and truth are apart, by what was summed. */
  deviations(): Record<string, number> {
    return Object.fromEntries(
      [...this.sums].map(([name, { truth, estimate, variance, estimatedVariance }]) => [
        name,
        Math.abs(estimate - truth) / Math.max(1, Math.sqrt(variance || estimatedVariance)),
      ]),
    );
  }

  #sumsOf(spans: SpanTable, span: number): Sum[] {
    const service = this.#strings.text(spans.service(span));
    const names = ['all', service, ...(spans.isError(span) ? ['errors'] : [])];
    return names.map((name) => {
      const sum = this.sums.get(name) ?? { ...NOTHING };
      this.sums.set(name, sum);
      return sum;
    });
  }
}

/** Traces of one form, made over and over with fresh ids. */
export class Template {
  readonly view = new TraceView();
  readonly #rows: Int32Array;

  constructor(strings: Interner, spans: readonly SpanSketch[], bytes = spans.length * 100) {
    const table = tableOf(strings, spans);
    this.#rows = table.rows.slice(0, table.count * WORDS);
    this.view.spans.resize(table.count);
    this.view.spans.bodies = table.bodies;
    this.view.bytes = bytes;
  }

  /** The next trace; valid until the one after. */
  next(random: () => number): TraceView {
    const { spans } = this.view;
    spans.rows.set(this.#rows);
    setTraceId(spans, random);
    this.view.refresh();
    return this.view;
  }
}

/** Gives all spans of a table one fresh trace id. */
function setTraceId(spans: SpanTable, random: () => number): void {
  const words = [0, 1, 2, 3].map(() => Math.floor(random() * 2 ** 32) | 0);
  for (let span = 0; span < spans.count; span += 1) {
    spans.rows.set(words, span * WORDS + TRACE_A);
  }
}

/** One of several, as often as its weight says. */
export function pick<Item extends { readonly weight: number }>(
  items: readonly Item[],
  random: () => number,
): Item {
  let left = random() * items.reduce((sum, item) => sum + item.weight, 0);
  for (const item of items) {
    left -= item.weight;
    if (left < 0) return item;
  }
  return items[0] as Item;
}

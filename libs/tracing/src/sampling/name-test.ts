import { type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import type { TextTest } from './rules.ts';
import { operationTextOf, serviceTextOf } from './span-text.ts';
import { compileText } from './value-test.ts';

const UNKNOWN = 0;
const YES = 1;
const NO = 2;

/**
 * Tests interned names. Each name is looked at once, however many spans bear it and however dear
 * the test; names that found no room in the interner are read from the span.
 */
export class NameTest {
  readonly #strings: Interner;
  readonly #holds: (text: string) => boolean;
  #verdicts = new Uint8Array(64);
  #generation = 0;

  constructor(test: TextTest, strings: Interner) {
    this.#strings = strings;
    this.#holds = compileText(test);
    this.#generation = strings.generation;
  }

  service(spans: SpanTable, span: number): boolean {
    const id = spans.service(span);
    return id === OVERFLOW_ID ? this.#holds(serviceTextOf(spans, span)) : this.holds(id);
  }

  operation(spans: SpanTable, span: number): boolean {
    const id = spans.name(span);
    return id === OVERFLOW_ID ? this.#holds(operationTextOf(spans, span)) : this.holds(id);
  }

  holds(id: number): boolean {
    if (this.#generation !== this.#strings.generation) this.#begin();
    const verdict = this.#verdicts[id];
    return verdict === YES || (verdict !== NO && this.#look(id));
  }

  /** Ids may stand for other names now. */
  #begin(): void {
    this.#generation = this.#strings.generation;
    this.#verdicts.fill(UNKNOWN);
  }

  #look(id: number): boolean {
    if (id >= this.#verdicts.length) {
      const grown = new Uint8Array(Math.max(id + 1, this.#verdicts.length * 2)).fill(UNKNOWN);
      grown.set(this.#verdicts);
      this.#verdicts = grown;
    }
    const holds = this.#holds(this.#strings.text(id));
    this.#verdicts[id] = holds ? YES : NO;
    return holds;
  }
}

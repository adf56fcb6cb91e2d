import { type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import { SPAN_KINDS } from '../otlp/span-table.ts';
import type { TraceView } from '../window/trace-view.ts';
import { bucketTime } from './bucket-time.ts';

/** A row of flyball_exemplars: of several rows of one key the slowest and any failed one count. */
export interface ExemplarRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  service: string;
  operation: string;
  /** 'Server', 'Client' … */
  kind: string;
  /** The slowest kept span: nanoseconds, trace id, span id. */
  slowest: [durationNs: number, traceId: string, spanId: string];
  /** A kept span that failed: trace id, span id; both '' when there is none. */
  failed: [traceId: string, spanId: string];
}

export interface ExemplarLimits {
  /** Series between two drains; those beyond have no exemplars. */
  maxSeries: number;
}

const DEFAULTS: ExemplarLimits = { maxSeries: 10_000 };

interface Exemplar {
  readonly service: number;
  readonly operation: number;
  readonly kind: number;
  slowest: ExemplarRow['slowest'];
  failed: ExemplarRow['failed'];
}

/** Two interned ids and a kind as one exact number. */
const IDS = 2 ** 24;

/** For each series of RED the kept traces worth looking at: whoever looks one up finds it. */
export class ExemplarAggregator {
  readonly #strings: Interner;
  readonly #limits: ExemplarLimits;
  readonly #series = new Map<number, Exemplar>();
  #time = 0;
  #finished: ExemplarRow[] = [];
  #overflowed = 0;

  constructor(strings: Interner, limits: Partial<ExemplarLimits> = {}) {
    this.#strings = strings;
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Spans left out because too many series had exemplars already, since the start. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Call it for kept traces only. */
  record({ spans }: TraceView, nowMs: number): void {
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    for (let span = 0; span < spans.count; span += 1) {
      const [service, operation] = [spans.service(span), spans.name(span)];
      if (operation === OVERFLOW_ID) continue;
      const exemplar = this.#of(service, operation, spans.kind(span));
      if (exemplar === undefined) continue;
      const durationNs = spans.durationNs(span);
      if (durationNs > exemplar.slowest[0]) {
        exemplar.slowest = [durationNs, spans.traceId(span), spans.spanId(span)];
      }
      if (exemplar.failed[0] === '' && spans.isError(span)) {
        exemplar.failed = [spans.traceId(span), spans.spanId(span)];
      }
    }
  }

  /** Increments since the last drain. */
  drain(): ExemplarRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #of(service: number, operation: number, kind: number): Exemplar | undefined {
    const key = (service * IDS + operation) * SPAN_KINDS.length + kind;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#limits.maxSeries) {
      this.#overflowed += 1;
      return undefined;
    }
    const exemplar: Exemplar = {
      service,
      operation,
      kind,
      slowest: [-1, '', ''],
      failed: ['', ''],
    };
    this.#series.set(key, exemplar);
    return exemplar;
  }

  #turn(time: number): void {
    for (const { service, operation, kind, slowest, failed } of this.#series.values()) {
      this.#finished.push({
        time: this.#time,
        service: this.#strings.text(service),
        operation: this.#strings.text(operation),
        kind: SPAN_KINDS[kind] as string,
        slowest,
        failed,
      });
    }
    this.#series.clear();
    this.#time = time;
  }
}

import { type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import {
  INSTANCE,
  META,
  META_DUPLICATE,
  META_KIND_MASK,
  META_STATUS_MASK,
  META_STATUS_SHIFT,
  NAME,
  SERVICE,
  SPAN_KINDS,
  type SpanTable,
  STATUS_ERROR,
  WORDS,
} from '../otlp/span-table.ts';
import { bucketTime } from './bucket-time.ts';
import { type CountColumns, Counts, countSpan } from './counts.ts';
import { PairMap } from './pair-map.ts';

/** A row of flyball_red: an increment; rows of one key add up. */
export interface RedRow extends CountColumns {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  service: string;
  operation: string;
  /** 'Server', 'Client' … */
  kind: string;
  instance: string;
}

export interface RedLimits {
  /** Series between two drains, over all services. */
  maxSeries: number;
  /** Operations of one service between two drains: ids in names harm only their own service. */
  maxOperationsPerService: number;
  /**
   * Series of one service between two drains; the operations of further instances count together.
   * Jobs with an id for an instance harm only their own service.
   */
  maxSeriesPerService: number;
}

const DEFAULTS: RedLimits = {
  maxSeries: 50_000,
  maxOperationsPerService: 1000,
  maxSeriesPerService: 20_000,
};

/** What a service has had since the last drain. */
interface Used {
  readonly operations: Set<number>;
  series: number;
}

interface Series {
  service: number;
  operation: number;
  kind: number;
  instance: number;
  time: number;
  counts: Counts;
}

/**
 * Rate, errors and duration of every span, kept or not, by service, operation, kind and instance.
 * Totals are exact: what exceeds the bounds of a service counts under its operation or instance
 * `__overflow__`, and, when all series are too many, under the service of that name.
 */
export class RedAggregator {
  readonly #strings: Interner;
  readonly #limits: RedLimits;
  /** By service and instance; then by operation and kind. */
  readonly #series = new PairMap<Map<number, Series>>();
  /** The group looked up last: spans of one service come together. */
  #group: Map<number, Series> | undefined;
  #groupService = -1;
  #groupInstance = -1;
  readonly #used = new Map<number, Used>();
  #count = 0;
  #time = 0;
  #finished: RedRow[] = [];
  #overflowed = 0;

  constructor(strings: Interner, limits: Partial<RedLimits> = {}) {
    this.#strings = strings;
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Series counted since the last drain. */
  get series(): number {
    return this.#count;
  }

  /** Spans counted under `__overflow__` since the start. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Counts the spans of a scanned body, without those the window has flagged as duplicates. */
  record(table: SpanTable, nowMs: number): void {
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    const { rows, count } = table;
    for (let span = 0; span < count; span += 1) {
      const base = span * WORDS;
      const meta = rows[base + META] as number;
      if ((meta & META_DUPLICATE) !== 0) continue;
      const counts = this.#countsOf(rows, base, meta & META_KIND_MASK);
      const error = ((meta >>> META_STATUS_SHIFT) & META_STATUS_MASK) === STATUS_ERROR;
      countSpan(counts, table, span, error);
    }
  }

  /** Increments since the last drain. */
  drain(): RedRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #countsOf(rows: Int32Array, base: number, kind: number): Counts {
    const service = rows[base + SERVICE] as number;
    const instance = rows[base + INSTANCE] as number;
    const operation = rows[base + NAME] as number;
    if (service !== this.#groupService || instance !== this.#groupInstance) {
      this.#group = this.#series.get(service, instance);
      this.#groupService = service;
      this.#groupInstance = instance;
    }
    const known = this.#group?.get(operation * 8 + kind);
    if (known !== undefined) return known.counts;
    return this.#bounded(service, instance, operation, kind);
  }

  #bounded(service: number, instance: number, operation: number, kind: number): Counts {
    const { maxSeries, maxOperationsPerService, maxSeriesPerService } = this.#limits;
    // The overflow series of services has room of its own, so that it can always be counted.
    if (this.#count >= maxSeries) {
      this.#overflowed += 1;
      return this.#seriesOf(OVERFLOW_ID, OVERFLOW_ID, OVERFLOW_ID, kind);
    }
    let used = this.#used.get(service);
    if (used === undefined) {
      used = { operations: new Set(), series: 0 };
      this.#used.set(service, used);
    }
    const { operations, series } = used;
    const fits = operations.has(operation) || operations.size < maxOperationsPerService;
    const alone = series < maxSeriesPerService;
    if (!fits || !alone) this.#overflowed += 1;
    if (fits) operations.add(operation);
    const before = this.#count;
    const counts = this.#seriesOf(
      service,
      alone ? instance : OVERFLOW_ID,
      fits ? operation : OVERFLOW_ID,
      kind,
    );
    used.series += this.#count - before;
    return counts;
  }

  #seriesOf(service: number, instance: number, operation: number, kind: number): Counts {
    let group = this.#series.get(service, instance);
    if (group === undefined) {
      group = new Map();
      this.#series.set(service, instance, group);
      this.#forgetGroup();
    }
    const key = operation * 8 + kind;
    const known = group.get(key);
    if (known !== undefined) return known.counts;
    const counts = new Counts();
    group.set(key, { service, operation, kind, instance, time: this.#time, counts });
    this.#count += 1;
    return counts;
  }

  /** Closes the counts of the current ten seconds and begins those of `time`. */
  #turn(time: number): void {
    for (const [, , group] of this.#series) {
      for (const series of group.values()) this.#finished.push(this.#row(series));
    }
    this.#series.clear();
    this.#forgetGroup();
    this.#used.clear();
    this.#count = 0;
    this.#time = time;
  }

  #forgetGroup(): void {
    this.#groupService = -1;
  }

  #row({ service, operation, kind, instance, time, counts }: Series): RedRow {
    return {
      time,
      service: this.#strings.text(service),
      operation: this.#strings.text(operation),
      kind: SPAN_KINDS[kind] as string,
      instance: this.#strings.text(instance),
      ...counts.columns(),
    };
  }
}

/** The collector's own metrics in Prometheus' text format. */

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

/** Label combinations beyond this are counted together, so that no sender can grow the registry. */
const MAX_SERIES = 1000;

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

/** Of one family, whose label names are always the same: the values tell series apart. */
function keyOf(labels: Labels): string {
  let key = '';
  for (const name in labels) key += `${labels[name]}\0`;
  return key;
}

function series(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** One label combination of a counter: whoever counts often keeps it and adds to `value`. */
export interface CounterSeries {
  readonly labels: Labels;
  value: number;
}

export class Counter {
  private readonly values = new Map<string, CounterSeries>();

  add(labels: Labels = {}, by = 1): void {
    this.series(labels).value += by;
  }

  series(labels: Labels): CounterSeries {
    const key = keyOf(labels);
    const known = this.values.get(key);
    if (known !== undefined) return known;
    const overflow = { overflow: 'true' };
    if (this.values.size >= MAX_SERIES && key !== keyOf(overflow)) return this.series(overflow);
    const series = { labels, value: 0 };
    this.values.set(key, series);
    return series;
  }

  samples(): Sample[] {
    return [...this.values.values()].map(({ labels, value }) => [labels, value]);
  }

  total(): number {
    return this.samples().reduce((sum, [, value]) => sum + value, 0);
  }
}

/** Cumulative buckets of seconds. */
export class Histogram {
  private readonly bounds: readonly number[];
  private readonly series = new Map<string, { labels: Labels; counts: number[]; sum: number }>();

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  observe(labels: Labels, seconds: number): void {
    const key = keyOf(labels);
    let known = this.series.get(key);
    if (known === undefined) {
      if (this.series.size >= MAX_SERIES) return;
      known = { labels, counts: new Array<number>(this.bounds.length + 1).fill(0), sum: 0 };
      this.series.set(key, known);
    }
    const at = this.bounds.findIndex((bound) => seconds <= bound);
    const bucket = at === -1 ? this.bounds.length : at;
    known.counts[bucket] = (known.counts[bucket] ?? 0) + 1;
    known.sum += seconds;
  }

  lines(name: string): string[] {
    return [...this.series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, index) => {
        total += count;
        const le = valueText(this.bounds[index] ?? Number.POSITIVE_INFINITY);
        return `${series(`${name}_bucket`, { ...labels, le })} ${total}`;
      });
      return [
        ...buckets,
        `${series(`${name}_sum`, labels)} ${sum}`,
        `${series(`${name}_count`, labels)} ${total}`,
      ];
    });
  }
}

type Kind = 'counter' | 'gauge' | 'histogram';

export class Registry {
  private readonly families: { name: string; kind: Kind; help: string; lines: () => string[] }[] =
    [];

  counter(name: string, help: string): Counter {
    const counter = new Counter();
    this.read(name, 'counter', help, () => counter.samples());
    return counter;
  }

  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(bounds);
    this.families.push({ name, kind: 'histogram', help, lines: () => histogram.lines(name) });
    return histogram;
  }

  gauge(name: string, help: string, read: () => number): void {
    this.read(name, 'gauge', help, () => [[{}, read()]]);
  }

  /** A family whose values are read when asked for. */
  read(name: string, kind: 'counter' | 'gauge', help: string, read: () => Sample[]): void {
    const lines = () =>
      read().map(([labels, value]) => `${series(name, labels)} ${valueText(value)}`);
    this.families.push({ name, kind, help, lines });
  }

  text(): string {
    const lines = this.families.flatMap(({ name, kind, help, lines }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${kind}`,
      ...lines(),
    ]);
    return `${lines.join('\n')}\n`;
  }
}

import { Injectable } from '@nestjs/common';

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly series: Map<string, number>;
}

/** More label combinations than this are counted as one dropped series, not kept. */
const MOST_SERIES = 2_000;

/** Own metrics in Prometheus' text format. */
@Injectable()
export class Metrics {
  readonly #families = new Map<string, Family>();

  /** Declares a metric so that it is shown, with its help, before it first counts. */
  declare(kind: Family['kind'], name: string, help: string): void {
    if (!this.#families.has(name)) this.#families.set(name, { kind, help, series: new Map() });
  }

  add(name: string, labels: Labels = {}, by = 1): void {
    this.#update(name, labels, (old) => old + by);
  }

  set(name: string, value: number, labels: Labels = {}): void {
    this.#update(name, labels, () => value);
  }

  render(): string {
    const lines: string[] = [];
    for (const [name, family] of this.#families) {
      lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.kind}`);
      for (const [labels, value] of family.series) lines.push(`${name}${labels} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #update(name: string, labels: Labels, change: (old: number) => number): void {
    const family = this.#families.get(name);
    if (family === undefined) throw new Error(`the metric ${name} was never declared`);
    const key = labelText(labels);
    if (!family.series.has(key) && family.series.size >= MOST_SERIES) return;
    family.series.set(key, change(family.series.get(key) ?? 0));
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** One measured figure beside its goal. */
export interface Figure {
  /** Letter of the benchmark, as docs/benchmarks.md names it. */
  readonly bench: string;
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
  readonly met?: boolean;
}

/** Prints a figure and tells it to whoever runs all benches. */
export function report(figure: Figure): void {
  const { what, value, goal, met } = figure;
  const verdict = met === undefined ? '' : met ? ', met' : ', MISSED';
  const aim = goal === undefined ? '' : `   (goal: ${goal}${verdict})`;
  process.stdout.write(`${what.padEnd(52)} ${value}${aim}\n`);
  process.send?.(figure);
}

/** `1,234,567` */
export const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** `1.23x` */
export const times = (ratio: number): string => `${ratio.toFixed(2)}x`;

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

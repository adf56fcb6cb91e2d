export type Scale = { domain: [number, number]; ticks: number[] };

/** A scale from and to round numbers with about `count` steps of 1, 2 or 5 times a power of ten. */
export function niceScale(low: number, high: number, count: number): Scale {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { domain: [0, 1], ticks: [0, 1] };
  const span = high > low ? high - low : Math.abs(high) || 1;
  const top = high > low ? high : low + span;
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(top / step - 1e-9);
  const ticks: number[] = [];
  // Rounded to the step's own digits: 3 * 0.1 is not 0.3.
  for (let i = first; i <= last; i++) ticks.push(Number((i * step).toPrecision(12)));
  return { domain: [ticks[0]!, ticks.at(-1)!], ticks };
}

/** The least and the greatest of what is known; infinite when nothing is. */
export function extent(values: readonly (number | null | undefined)[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

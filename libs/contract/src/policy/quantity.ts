import { z } from 'zod';
import { formatDuration, type Parsed, parseDuration, parsePercent } from './units.ts';

/** Bounds of a quantity, in its parsed unit, told in the words of the file. */
interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function quantity(
  parse: (text: string) => Parsed<number>,
  show: (value: number) => string,
  { min, max }: Bounds,
) {
  return (text: string | number, context: z.RefinementCtx): number => {
    const parsed = parse(String(text));
    const refuse = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    if (!parsed.ok) return refuse(parsed.message);
    if (min !== undefined && parsed.value < min) {
      return refuse(`${text} is too small: at least ${show(min)}`);
    }
    if (max !== undefined && parsed.value > max) {
      return refuse(`${text} is too large: at most ${show(max)}`);
    }
    return parsed.value;
  };
}

/** Scalar as the file has it: a bare number is text without its unit. */
const scalar = z.union([z.string(), z.number()]);

/** `30s`, `5m`: whole milliseconds. Default bounds: 1 ms to a year. */
export function duration(bounds: Bounds = {}) {
  const limits = { min: 1, max: 366 * 86_400_000, ...bounds };
  return scalar.transform(quantity(parseDuration, formatDuration, limits)).meta({
    description: 'a duration such as 250ms, 30s, 5m, 1h 30m or 30d',
  });
}

/** `70%`: a ratio, 0 to 1 unless told otherwise. */
export function percent(bounds: Bounds = {}) {
  const limits = { min: 0, max: 1, ...bounds };
  const show = (ratio: number) => `${Number((ratio * 100).toPrecision(12))}%`;
  return scalar.transform(quantity(parsePercent, show, limits)).meta({
    description: 'a percentage such as 70% or 99.9%',
  });
}

/** A level of a signal: `70%` for ratios, a plain number for the rest. */
export function level() {
  const parse = (text: string): Parsed<number> => {
    if (text.trim().endsWith('%')) return parsePercent(text);
    const value = Number(text);
    return text.trim() !== '' && Number.isFinite(value)
      ? { ok: true, value }
      : { ok: false, message: `"${text}" is no level: write 70% or a number such as 12.5` };
  };
  return scalar.transform(quantity(parse, String, { min: 0 })).meta({
    description: 'a percentage such as 70%, or a plain number in the unit of the signal',
  });
}

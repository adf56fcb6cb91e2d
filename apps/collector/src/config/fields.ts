import {
  formatDuration,
  formatPercent,
  type Parsed,
  parseDuration,
  parsePercent,
  parseSize,
} from '@flyball/contract';
import { z } from 'zod';

interface Bounds {
  readonly min: number;
  readonly max: number;
}

const MIB = 1024 ** 2;
const formatSize = (bytes: number) =>
  bytes >= MIB ? `${Number((bytes / MIB).toFixed(2))}MiB` : `${bytes}B`;

function quantity(
  parse: (text: string) => Parsed<number>,
  format: (value: number) => string,
  bounds: Bounds,
  what: string,
) {
  const description = `${what}, ${format(bounds.min)} … ${format(bounds.max)}`;
  return z
    .union([z.string(), z.number()])
    .describe(description)
    .transform((written, context) => {
      const parsed = parse(String(written));
      const issue = (message: string) => {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      if (!parsed.ok) return issue(parsed.message);
      const { min, max } = bounds;
      if (parsed.value < min) return issue(`${written} is below the bound ${format(min)}`);
      if (parsed.value > max) return issue(`${written} is above the bound ${format(max)}`);
      return parsed.value;
    });
}

/** `250ms`, `30s`; milliseconds. Bounds in milliseconds. */
export const duration = (min: number, max: number) =>
  quantity(parseDuration, formatDuration, { min, max }, 'A time like 250ms, 30s or 5m');

/** `64MiB`; bytes. Bounds in bytes. */
export const size = (min: number, max: number) =>
  quantity(parseSize, formatSize, { min, max }, 'A size like 64KiB, 512MiB or 2GB');

/** `1%`; a ratio. */
export const percent = () =>
  quantity(parsePercent, formatPercent, { min: 0, max: 1 }, 'A share like 12.5%');

export const count = (min: number, max: number) => z.number().int().min(min).max(max);

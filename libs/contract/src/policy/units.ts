/** Quantities as people write them: `30s`, `1h 30m`, `70%`, `512MiB`. Parsed once, at the edge. */

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw])\s*)+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|[smhdw])/g;

/** `250ms`, `30s`, `1h30m`, `30d`; `0` needs no unit. Milliseconds, whole. */
export function parseDuration(text: string): Parsed<number> {
  const trimmed = text.trim();
  if (trimmed === '0') return { ok: true, value: 0 };
  if (!DURATION.test(trimmed)) {
    return { ok: false, message: `${quote(text)} is no duration: write it like 250ms, 30s or 5m` };
  }
  let totalMs = 0;
  for (const [, amount, unit] of trimmed.matchAll(DURATION_PART)) {
    totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return Number.isSafeInteger(Math.round(totalMs))
    ? { ok: true, value: Math.round(totalMs) }
    : { ok: false, message: `${quote(text)} is too long a duration` };
}

/** `70%` or `99.9%`. A ratio: 1 is 100 %. */
export function parsePercent(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  if (match === null) {
    return { ok: false, message: `${quote(text)} is no percentage: write it like 70% or 99.9%` };
  }
  // Through decimal text, so that 99.9% is the double nearest to 0.999.
  return { ok: true, value: Number(`${match[1]}e-2`) };
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `512MiB`, `2GB`, `100B`. Bytes, whole. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]i?B|B)$/.exec(text.trim());
  const factor = UNIT_BYTES[match?.[2] ?? ''];
  if (match === null || factor === undefined) {
    return { ok: false, message: `${quote(text)} is no size: write it like 64KiB, 512MiB or 2GB` };
  }
  return { ok: true, value: Math.round(Number(match[1]) * factor) };
}

/** 90000 as `1m 30s`. The inverse of `parseDuration`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest === 0) return '0s';
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}

/** 0.7 as `70%`. The inverse of `parsePercent`. */
export function formatPercent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(12))}%`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

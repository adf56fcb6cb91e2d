/** What a person types into the trace search, read as values or refused with a reason. */

export type Parsed<T> = { ok: true; value: T } | { ok: false; message: string };

const units: Record<string, number> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
};

/** `250`, `250ms`, `1.5 s`, `2min` as milliseconds; nothing is no bound. */
export function parseDuration(text: string): Parsed<number | null> {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: true, value: null };
  const match = /^(\d+(?:\.\d+)?)\s*([a-zµ]*)$/.exec(trimmed);
  const unit = match ? units[match[2] === '' ? 'ms' : match[2]!] : undefined;
  if (!match || unit === undefined) {
    return { ok: false, message: `"${trimmed}" is not a duration. Write 250ms, 1.5s or 2min.` };
  }
  return { ok: true, value: Number(match[1]) * unit };
}

/** `http.route=/orders user.id=8841`; a value with spaces stands in double quotes. */
export function parseAttributes(text: string): Parsed<string[]> {
  const parts = text.match(/[^\s="]+=(?:"[^"]*"|\S+)|\S+/g) ?? [];
  const pairs: string[] = [];
  for (const part of parts) {
    const match = /^([^\s="]+)=(?:"([^"]*)"|(\S+))$/.exec(part);
    if (!match) {
      return { ok: false, message: `"${part}" is not an attribute. Write key=value.` };
    }
    pairs.push(`${match[1]}=${match[2] ?? match[3]}`);
  }
  return { ok: true, value: pairs };
}

export function writeAttributes(pairs: readonly string[]): string {
  return pairs
    .map((pair) => {
      const at = pair.indexOf('=');
      const value = pair.slice(at + 1);
      return /[\s"]/.test(value) || value === '' ? `${pair.slice(0, at)}="${value}"` : pair;
    })
    .join(' ');
}

export function writeDuration(ms: number | null): string {
  if (ms === null) return '';
  return ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`;
}

/** The search for this attribute; commas part attributes in the URL, so its own are escaped. */
export function attributePath(key: string, value: string): string {
  return `/traces?attribute=${encodeURIComponent(`${key}=${value}`.replaceAll(',', '%2C'))}`;
}

/** Days in one insert: each costs ClickHouse a part. */
const MAX_DAYS = 25;
const NEWLINE = 10;
const KEYS = ['"Timestamp":"', '"TimeUnix":"'].map((key) => Buffer.from(key));
/** Times are seconds since 1970 and a fraction: ten digits, eleven after 2286. */
const SECONDS_LENGTH = 11;
const DAY_S = 86_400;

const UNKNOWN = -1;

interface Line {
  readonly day: number;
  readonly bytes: Uint8Array;
}

/**
 * The rows of a block by their days, cut so that no piece holds too many of them. The same block
 * always gives the same pieces: each can have a token of its own.
 */
export function piecesOf(parts: readonly Uint8Array[]): Uint8Array[] {
  const lines = parts.flatMap((part) => [...linesOf(part)]);
  lines.sort((left, right) => left.day - right.day);
  const pieces: Uint8Array[][] = [];
  let days = MAX_DAYS;
  let before: number | undefined;
  for (const { day, bytes } of lines) {
    if (day !== before) days += 1;
    before = day;
    if (days > MAX_DAYS) {
      pieces.push([]);
      days = 1;
    }
    pieces.at(-1)?.push(bytes);
  }
  return pieces.map((lines) => Buffer.concat(lines));
}

function* linesOf(part: Uint8Array): Generator<Line> {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const found = bytes.indexOf(NEWLINE, at);
    const end = found < 0 ? bytes.length : found + 1;
    const line = bytes.subarray(at, end);
    yield { day: dayOf(line), bytes: line };
    at = end;
  }
}

/** Rows of traces and logs begin with their time; those of metrics have it further on. */
function dayOf(line: Buffer): number {
  for (const key of KEYS) {
    const at = line.indexOf(key);
    if (at < 0) continue;
    const from = at + key.length;
    const seconds = Number.parseInt(line.toString('latin1', from, from + SECONDS_LENGTH), 10);
    return Number.isNaN(seconds) ? UNKNOWN : Math.floor(seconds / DAY_S);
  }
  return UNKNOWN;
}

/** An error as ClickHouse tells it: a numeric code, its name and a sentence. */
export class Failure extends Error {
  readonly code: number;
  /** The name in capitals, e.g. UNKNOWN_TABLE. */
  readonly codeName: string;
  /** Set where the interface answers another status than the code's own. */
  readonly status: number | undefined;

  constructor(code: number, codeName: string, message: string, status?: number) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.codeName = codeName;
    this.status = status;
  }
}

/** The code of what neither the engine nor this server has a name for: a bug, most likely. */
export const UNKNOWN = 1002;

/** Reads the engine's "Code: 60. DB::Exception: ... (UNKNOWN_TABLE)". */
export function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = /^Code: (\d+)\./.exec(text);
  const name = /\(([A-Z][A-Z0-9_]+)\)\s*$/.exec(text);
  if (!code?.[1]) return new Failure(UNKNOWN, 'UNKNOWN_EXCEPTION', text);
  const message = text
    .replace(/^Code: \d+\. DB::(?:Errno)?Exception: /, '')
    .replace(/\s*\([A-Z][A-Z0-9_]+\)\s*$/, '')
    .replace(/\s*\(version [^)]*\)$/, '');
  return new Failure(Number(code[1]), name?.[1] ?? 'UNKNOWN_EXCEPTION', message);
}

/** The line that the body of a failed answer holds. */
export function failureText(failure: Failure, version: string): string {
  return (
    `Code: ${failure.code}. DB::Exception: ${failure.message} ` +
    `(${failure.codeName}) (version ${version})\n`
  );
}

const BAD_REQUEST = new Set([
  6, 26, 27, 36, 38, 41, 44, 53, 62, 69, 72, 15, 117, 167, 168, 223, 376, 427, 441, 675, 676, 696,
]);
const NOT_FOUND = new Set([46, 47, 50, 56, 60, 63, 73, 81, 78, 115, 336, 511]);

/** The status which the HTTP interface gives an error code. */
export function statusOf(failure: Failure): number {
  if (failure.status !== undefined) return failure.status;
  const { code } = failure;
  if (code === 194) return 401;
  if (code === 192 || code === 193 || code === 516 || code === 512 || code === 497) return 403;
  if (BAD_REQUEST.has(code)) return 400;
  if (NOT_FOUND.has(code)) return 404;
  if (code === 161 || code === 299) return 413;
  if (code === 48) return 501;
  if (code === 209 || code === 76 || code === 439) return 503;
  if (code === 381) return 411;
  if (code === 159) return 408;
  return 500;
}

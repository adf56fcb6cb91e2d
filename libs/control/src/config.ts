/** A configuration that cannot work. Names the field, its value and the bound it broke. */
export class ConfigError extends Error {
  readonly field: string;
  readonly value: unknown;
  readonly bound: string;

  constructor(field: string, value: unknown, bound: string) {
    super(`${field} is ${JSON.stringify(value) ?? String(value)}: it must be ${bound}`);
    this.name = 'ConfigError';
    this.field = field;
    this.value = value;
    this.bound = bound;
  }
}

export function requireThat(ok: boolean, field: string, value: unknown, bound: string): void {
  if (!ok) {
    throw new ConfigError(field, value, bound);
  }
}

/** Refuses NaN and the infinities too: they would not survive as JSON. */
export function requirePositive(field: string, value: number): void {
  requireThat(Number.isFinite(value) && value > 0, field, value, 'a number above 0');
}

export function requireAtLeastZero(field: string, value: number): void {
  requireThat(Number.isFinite(value) && value >= 0, field, value, 'a number, 0 or above');
}

export function requireRatio(field: string, value: number): void {
  requireThat(value >= 0 && value <= 1, field, value, 'a ratio from 0 to 1');
}

export function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}

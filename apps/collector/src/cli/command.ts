import type { ParseArgsOptionsConfig } from 'node:util';

/** What a command is given. */
export interface Invocation {
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line on standard output, and on standard error. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export interface Command {
  readonly name: string;
  /** As typed after `flyball-collector`. */
  readonly usage: string;
  readonly summary: string;
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** @returns the exit code */
  run(invocation: Invocation): Promise<number>;
}

import type { ParseArgsOptionsConfig } from 'node:util';

/** What a command is given. */
export interface Invocation {
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard input, in pieces. */
  readonly input: AsyncIterable<string | Uint8Array>;
  /** One line on standard output, and on standard error. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export interface Command {
  /** One word, or two: `policy check`. */
  readonly name: string;
  /** As typed after `flyball`. */
  readonly usage: string;
  readonly summary: string;
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** @returns the exit code; @throws CommandError when it cannot be done as asked */
  run(invocation: Invocation): Promise<number>;
}

/** What is wrong with what was asked, and the cure. Ends the command with 1. */
export class CommandError extends Error {
  /** One fault a line. */
  readonly lines: readonly string[];

  constructor(...lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

import { parseArgs } from 'node:util';
import { nearest } from '../config/suggest.ts';
import { check } from './check.ts';
import type { Command } from './command.ts';
import { explain } from './explain.ts';
import { schema } from './schema.ts';

const COMMANDS: readonly Command[] = [check, explain, schema];

/** The commands in lines of a help. */
export const COMMAND_LINES = COMMANDS.map(
  ({ usage, summary }) => `  flyball-collector ${usage}\n      ${summary}`,
).join('\n');

export interface CommandLine {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/**
 * Does what the command line asks for.
 *
 * @returns the exit code; undefined when it asks for no command
 */
export async function runCommand(line: CommandLine): Promise<number | undefined> {
  const [name, ...rest] = line.args;
  if (name === undefined || name.startsWith('-')) return undefined;
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((one) => one.name);
    const meant = nearest(name, names);
    const cure = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
    line.err(`${name} is no command: ${cure}`);
    return 1;
  }
  return runOne(command, rest, line);
}

async function runOne(command: Command, args: string[], line: CommandLine): Promise<number> {
  const { out, err, environment } = line;
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      out(`flyball-collector ${command.usage}\n\n${command.summary}\n\n${command.help}`);
      return 0;
    }
    const options = values as Record<string, string | boolean | undefined>;
    return await command.run({ operands: positionals, options, environment, out, err });
  } catch (error) {
    err(`flyball-collector ${command.name}: ${(error as Error).message}`);
    return 1;
  }
}

import { parseArgs } from 'node:util';
import { nearest } from '@flyball/contract';
import { type Command, CommandError, type Invocation } from './command.ts';
import { backtest } from './commands/backtest.ts';
import { policyCheck } from './commands/policy-check.ts';
import { policyServe } from './commands/policy-serve.ts';
import { simulate } from './commands/simulate.ts';
import { tune } from './commands/tune.ts';

const COMMANDS: readonly Command[] = [simulate, tune, backtest, policyCheck, policyServe];

const HELP = `flyball: try a policy before it steers anything

${COMMANDS.map(({ usage, summary }) => `  flyball ${usage}\n      ${summary}`).join('\n')}

flyball COMMAND --help tells more. Exit code 0 when it was done, 1 when it could not be.`;

export type CommandLine = Omit<Invocation, 'operands' | 'options'> & {
  readonly args: readonly string[];
};

/** Does what the command line asks for. @returns the exit code */
export async function runCommandLine(line: CommandLine): Promise<number> {
  const { args, out, err } = line;
  const [first, second] = args;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    out(HELP);
    return 0;
  }
  const command = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command === undefined) {
    const told = unknownCommand(first, second);
    // `flyball policy --help`: what there is below that word.
    if (told.below && (second === '--help' || second === '-h')) {
      out(HELP);
      return 0;
    }
    err(told.text);
    return 1;
  }
  return runOne(command, args.slice(command.name.split(' ').length), line);
}

function unknownCommand(
  first: string,
  second: string | undefined,
): { readonly below: boolean; readonly text: string } {
  const names = COMMANDS.map(({ name }) => name);
  const below = names.filter((name) => name.startsWith(`${first} `));
  if (below.length > 0) {
    const words = below.map((name) => name.slice(first.length + 1));
    const meant = second === undefined ? null : nearest(second, words);
    const cure =
      meant === null ? `there are ${below.join(', ')}` : `did you mean ${first} ${meant}?`;
    const asked = second === undefined ? `${first} alone` : `${first} ${second}`;
    return { below: true, text: `flyball: ${asked} is no command: ${cure}` };
  }
  const words = [...new Set(names.flatMap((name) => name.split(' ')[0] ?? []))];
  const meant = nearest(first, words);
  const cure = meant === null ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
  return { below: false, text: `flyball: ${first} is no command: ${cure}` };
}

async function runOne(
  command: Command,
  args: readonly string[],
  { environment, input, out, err }: CommandLine,
): Promise<number> {
  const title = `flyball ${command.name}`;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      out(`flyball ${command.usage}\n\n${command.summary}\n\n${command.help}`);
      return 0;
    }
    const options = values as Invocation['options'];
    return await command.run({ operands: positionals, options, environment, input, out, err });
  } catch (error) {
    const lines = error instanceof CommandError ? error.lines : [(error as Error).message];
    for (const text of lines) err(error instanceof CommandError ? text : `${title}: ${text}`);
    if (!(error instanceof CommandError)) err(`${title} --help tells what may be said`);
    return 1;
  }
}

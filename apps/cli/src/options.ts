import { parseDuration } from '@flyball/contract';
import { CommandError, type Invocation } from './command.ts';

type Options = Invocation['options'];

/** The option's text; undefined when it was not given. */
export function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A whole number within bounds. */
export function wholeOf(
  options: Options,
  name: string,
  {
    least,
    most,
    fallback,
  }: { readonly least: number; readonly most: number; readonly fallback: number },
): number {
  const text = textOf(options, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most && text.trim() !== '')
    return value;
  throw new CommandError(`--${name} ${text}: write a whole number from ${least} to ${most}`);
}

/** A duration in milliseconds; undefined when it was not given. */
export function durationOf(options: Options, name: string): number | undefined {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new CommandError(`--${name}: ${parsed.message}`);
  if (parsed.value <= 0) throw new CommandError(`--${name} ${text}: must be longer than nothing`);
  return parsed.value;
}

/** Words between commas. */
export function listOf(options: Options, name: string): readonly string[] {
  const text = textOf(options, name);
  return text === undefined
    ? []
    : text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');
}

/** The only operand. */
export function operandOf({ operands }: Invocation, what: string, usage: string): string {
  const [first, second] = operands;
  if (first === undefined) throw new CommandError(`which ${what}? flyball ${usage}`);
  if (second === undefined) return first;
  throw new CommandError(`${second} is one word too many: flyball ${usage}`);
}

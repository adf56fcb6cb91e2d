import { existsSync, readFileSync } from 'node:fs';
import { nearest } from '@flyball/contract';
import { LOAD_CASES, type LoadCase, parseLoad, recordedLoad } from '@flyball/control/sim';
import { CommandError } from '../command.ts';
import { whyNot } from '../policy/read-policy.ts';

/** A file of one number per second, or one of the shapes by its name. */
export function loadOf(word: string): LoadCase {
  const shape = LOAD_CASES.find(({ name }) => name === word);
  if (shape !== undefined && !existsSync(word)) return shape;
  let text: string;
  try {
    text = readFileSync(word, 'utf8');
  } catch (error) {
    throw new CommandError(
      `--load ${word}: ${whyNot(error as NodeJS.ErrnoException)}${hint(word)}`,
    );
  }
  try {
    return recordedLoad(nameOf(word), parseLoad(text));
  } catch (error) {
    throw new CommandError(`--load ${word}: ${(error as Error).message}`);
  }
}

function hint(word: string): string {
  const names = LOAD_CASES.map(({ name }) => name);
  const meant = nearest(word, names);
  return meant === null
    ? `: name a file, or one of ${names.join(', ')}`
    : `: did you mean the shape ${meant}?`;
}

function nameOf(file: string): string {
  return (file.split('/').at(-1) ?? file).replace(/\.[^.]+$/, '');
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Stack } from './stack.ts';

const FOLDER = join(import.meta.dirname, '..', '.artifacts');

/** The path of a file that a test leaves for people to look at; git ignores it. */
export function artifact(...name: string[]): string {
  const path = join(FOLDER, ...name);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** Everything a stack has logged, for whoever asks why a test failed. */
export function keepLog(stack: Stack | undefined, name: string): void {
  if (stack !== undefined) writeFileSync(artifact(`${name}.log`), stack.output());
}

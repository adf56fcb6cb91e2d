import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Files of the project, as git knows them, untracked ones included. */
export function projectFiles(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return output.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

export function sourceFiles(): string[] {
  return projectFiles().filter((file) => /\.(ts|tsx|mjs)$/.test(file));
}

export function isTest(file: string): boolean {
  return (
    file.startsWith('test/') || /\.test\.tsx?$/.test(file) || /\.(fake|fixture)\.ts$/.test(file)
  );
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Code without comments and without the text of strings, lines kept. */
export function codeOnly(source: string): string {
  return source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g,
    (match) => match.replace(/[^\n]/g, ' '),
  );
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
const URL_REFERENCE = /new URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g;

/** What a file imports, as written. */
export function importsOf(source: string): string[] {
  return [IMPORT, DYNAMIC, URL_REFERENCE].flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
}

/** The project file behind a relative import, or undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('@/')) {
    return candidates(posix.join('apps/dashboard/src', specifier.slice(2)));
  }
  if (!specifier.startsWith('.')) return undefined;
  return candidates(posix.join(dirname(from), specifier));
}

function candidates(path: string): string | undefined {
  const endings = ['', '.ts', '.tsx', '/index.ts', '/index.tsx'];
  const base = path.replace(/\.js$/, '');
  return endings
    .map((ending) => base + ending)
    .find((file) => /\.(ts|tsx|mjs|css)$/.test(file) && existsSync(join(ROOT, file)));
}

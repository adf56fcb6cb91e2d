import { expect, test } from 'vitest';
import { projectFiles, read, sourceFiles } from './sources.ts';

const MAX_COLUMNS = 100;
const MAX_FUNCTION_LINES = 70;
const MAX_FILE_LINES = 500;

test(`lines are at most ${MAX_COLUMNS} columns`, () => {
  const wrong = sourceFiles().flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) =>
        // A path or an address cannot be broken.
        [...line].length > MAX_COLUMNS && !/https?:\/\/\S{40}|^import .* from /.test(line)
          ? [`${file}:${index + 1}`]
          : [],
      ),
  );
  expect(wrong).toEqual([]);
});

test(`source files are at most ${MAX_FILE_LINES} lines`, () => {
  const wrong = sourceFiles()
    .map((file) => ({ file, lines: read(file).split('\n').length }))
    .filter(({ lines }) => lines > MAX_FILE_LINES)
    .map(({ file, lines }) => `${file}: ${lines} lines`);
  expect(wrong).toEqual([]);
});

/** A function's head at any indent, up to the closing brace at the same indent (Biome's format). */
const MODIFIERS = '(?:(?:public|private|protected|static|override|async|get|set) )*';
const HEAD = new RegExp(
  [
    String.raw`^(\s*)(?:export )?(?:default )?(?:async )?function\b.*\{$`,
    String.raw`^(\s*)(?:export )?(?:const|let) \w+(?::[^=]*)? = .*=>.*\{$`,
    String.raw`^(\s*)${MODIFIERS}[\w#]+\(.*\).*\{$`,
  ].join('|'),
);

function longFunctions(file: string): string[] {
  const lines = read(file).split('\n');
  return lines.flatMap((line, start) => {
    const head = HEAD.exec(line);
    if (head === null || /^\s*(if|for|while|switch|catch|test|describe|it)\b/.test(line)) return [];
    const close = `${head[1] ?? head[2] ?? head[3]}}`;
    const length = lines.slice(start + 1).findIndex((other) => other.startsWith(close)) + 2;
    return length > MAX_FUNCTION_LINES ? [`${file}:${start + 1} (${length} lines)`] : [];
  });
}

test(`functions are at most ${MAX_FUNCTION_LINES} lines`, () => {
  expect(sourceFiles().flatMap(longFunctions)).toEqual([]);
});

test('no file names a path of one machine, and none is a secret', () => {
  const pattern = /(^|[^\w./-])\/(?:root|home\/\w+|work|Users\/\w+)\/|BEGIN [A-Z ]*PRIVATE KEY/;
  const wrong = projectFiles()
    .filter((file) => !/\.(png|ico|woff2?)$/.test(file) && file !== 'package-lock.json')
    .filter((file) => !file.startsWith('test/tidy/'))
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
    );
  expect(wrong).toEqual([]);
});

test('the lock file names no download address', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
});

test('no test is switched off, none runs alone', () => {
  const pattern = /\b(?:test|it|describe)\.(?:skip|only|todo)\b/;
  const wrong = sourceFiles().filter(
    (file) => /\.test\.tsx?$/.test(file) && pattern.test(read(file)),
  );
  expect(wrong).toEqual([]);
});

import { expect, test } from 'vitest';
import { importsOf, isTest, projectFiles, read, resolveImport, sourceFiles } from './sources.ts';

/** Files that something outside the imports starts or reads. */
const STARTED = [
  'main',
  'index',
  'run',
  'bootstrap',
  'proxy',
  'instrumentation',
  String.raw`\w+\.config`,
];
const ENTRY = new RegExp(
  [
    String.raw`(^|/)(${STARTED.join('|')})\.(ts|tsx|mjs)$`,
    '(^|/)bench/',
    '^apps/dashboard/src/app/',
  ].join('|'),
);

test('every source file is reached from somewhere', () => {
  const files = sourceFiles();
  const reached = new Set(
    files.flatMap((file) =>
      importsOf(read(file)).map((specifier) => resolveImport(file, specifier)),
    ),
  );
  const scripts = projectFiles()
    .filter((file) => file.endsWith('package.json'))
    .map(read)
    .join('\n');
  const dead = files.filter(
    (file) =>
      !reached.has(file) &&
      !ENTRY.test(file) &&
      !/\.test\.tsx?$/.test(file) &&
      !startedByName(file, files) &&
      !scripts.includes(file.split('/').at(-1) ?? file),
  );
  expect(dead).toEqual([]);
});

/** A child process or a worker is started by its file's name, not by an import. */
function startedByName(file: string, files: readonly string[]): boolean {
  const name = (file.split('/').at(-1) ?? '').replace(/\.ts$/, '');
  const pattern = new RegExp(`['"\`/]${name}\\.(?:js|ts)['"\`]`);
  return files.some((other) => other !== file && pattern.test(read(other)));
}

const EXPORT =
  /^export (?:async )?(?:abstract )?(function\*?|const|let|class|interface|type) (\w+)/gm;

// Types that a signature mentions may be exported for the reader's sake.
test('every exported value is used somewhere else', () => {
  const files = sourceFiles();
  const words = new Map(files.map((file) => [file, wordCounts(read(file))]));
  const indexes = files.filter((file) => /^libs\/[^/]+\/src\/index\.ts$/.test(file)).map(read);
  const dead = files
    .filter((file) => !isTest(file) && !ENTRY.test(file))
    .flatMap((file) =>
      [...read(file).matchAll(EXPORT)]
        .filter(([, kind]) => !(kind === 'interface' || kind === 'type'))
        .map((match) => match[2] ?? '')
        .filter((name) => !usedElsewhere(name, file, words, indexes))
        .map((name) => `${file}: ${name}`),
    );
  expect(dead).toEqual([]);
});

function usedElsewhere(
  name: string,
  file: string,
  words: ReadonlyMap<string, ReadonlySet<string>>,
  indexes: readonly string[],
): boolean {
  // What a lib's index offers by name, or whole, is public.
  const module = file.split('/').slice(3).join('/');
  if (indexes.some((index) => index.includes(`export * from './${module}'`))) return true;
  return [...words].some(([other, set]) => other !== file && set.has(name));
}

function wordCounts(source: string): ReadonlySet<string> {
  return new Set(source.match(/\w+/g));
}

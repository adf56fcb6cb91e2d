import { expect, test } from 'vitest';
import { codeOnly, importsOf, isTest, read, resolveImport, sourceFiles } from './sources.ts';

/** What each room may import of our own; the arrows of the house. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'libs/control': [],
  'libs/tracing': [],
  'libs/contract': [],
  'libs/store': ['@flyball/contract'],
  'apps/cli': ['@flyball/contract', '@flyball/control', '@flyball/store', '@flyball/tracing'],
  'apps/collector': ['@flyball/contract', '@flyball/store', '@flyball/tracing'],
  'apps/controller': [
    '@flyball/contract',
    '@flyball/store',
    '@flyball/tracing',
    '@flyball/control',
  ],
  'apps/dashboard': ['@flyball/contract'],
  'infra/embedded/lifecycle': [],
  'infra/embedded/clickhouse': ['@flyball/lifecycle'],
  'infra/embedded/postgres': ['@flyball/lifecycle'],
  'infra/demo': ['@flyball/contract'],
  'infra/up': ['@flyball/lifecycle'],
};

const PURE = ['libs/control/src', 'libs/tracing/src'];

function roomOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT).find((room) => file.startsWith(`${room}/`));
}

test('every room has its arrows', () => {
  const strange = sourceFiles().filter(
    (file) => /^(apps|libs|infra)\//.test(file) && roomOf(file) === undefined,
  );
  expect(strange).toEqual([]);
});

test('a room imports only the rooms below it', () => {
  const wrong = sourceFiles().flatMap((file) => {
    const room = roomOf(file);
    if (room === undefined) return [];
    return importsOf(read(file))
      .filter((specifier) => {
        if (specifier.startsWith('@flyball/')) {
          const name = specifier.split('/').slice(0, 2).join('/');
          return !isTest(file) && !MAY_IMPORT[room]?.includes(name);
        }
        const target = resolveImport(file, specifier);
        return target !== undefined && roomOf(target) !== room;
      })
      .map((specifier) => `${file} imports ${specifier}`);
  });
  expect(wrong).toEqual([]);
});

test('no import goes in a circle', () => {
  const files = sourceFiles().filter((file) => !isTest(file));
  const next = new Map(
    files.map((file) => [
      file,
      importsOf(withoutTypeImports(read(file)))
        .map((specifier) => resolveImport(file, specifier))
        .filter((target) => target !== undefined),
    ]),
  );
  expect(circlesIn(next)).toEqual([]);
});

/** Type imports vanish when compiled: they may look both ways. */
function withoutTypeImports(source: string): string {
  return source.replace(/(^|\n)\s*(import|export) type [^;]*;/g, '');
}

function circlesIn(next: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const circles: string[] = [];
  const path: string[] = [];
  const visit = (file: string): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const target of next.get(file) ?? []) visit(target);
    path.pop();
    state.set(file, 'done');
  };
  for (const file of next.keys()) visit(file);
  return circles;
}

test('libs of pure machines read no clock, no chance and no world', () => {
  const clocks = String.raw`Date\.now|new Date\(\)|performance\.|setTimeout|setInterval`;
  const worlds = String.raw`Math\.random|process\.|console\.|fetch\(|require\(`;
  const banned = new RegExp(String.raw`\b(?:${clocks}|${worlds})`);
  const wrong = sourceFiles()
    .filter((file) => PURE.some((room) => file.startsWith(room)) && !isTest(file))
    .flatMap((file) =>
      codeOnly(read(file))
        .split('\n')
        .flatMap((line, index) =>
          banned.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [],
        ),
    );
  expect(wrong).toEqual([]);
});

test('libs of pure machines import nothing of Node', () => {
  const wrong = sourceFiles()
    .filter((file) => PURE.some((room) => file.startsWith(room)) && !isTest(file))
    .flatMap((file) =>
      importsOf(read(file))
        .filter((specifier) => !specifier.startsWith('.'))
        .map((specifier) => `${file} imports ${specifier}`),
    );
  expect(wrong).toEqual([]);
});

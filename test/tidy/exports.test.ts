import { expect, test } from 'vitest';
import { projectFiles, read } from './sources.ts';

interface Target {
  readonly '@flyball/source': string;
  readonly types: string;
  readonly default: string;
}

const offered = (folder: string): Readonly<Record<string, Target>> =>
  JSON.parse(read(`${folder}/package.json`)).exports;

test('what the control library offers is there, and every index in it is offered', () => {
  const folder = 'libs/control';
  const targets = Object.values(offered(folder));
  const indexes = projectFiles().filter((file) => /^libs\/control\/src\/.*index\.ts$/.test(file));
  expect(
    targets.map((target) => target['@flyball/source'].replace('.', folder)).toSorted(),
  ).toEqual(indexes.toSorted());
  for (const target of targets) {
    const built = target['@flyball/source'].replace('./src/', './dist/').replace(/\.ts$/, '');
    expect(target).toMatchObject({ types: `${built}.d.ts`, default: `${built}.js` });
  }
});

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT } from './sources.ts';

interface Graph {
  readonly nodes: Record<string, { readonly data: { readonly root: string } }>;
  readonly dependencies: Record<string, readonly { readonly target: string }[]>;
}

/** The graph as Nx draws it: what is built before what. */
function readGraph(): Graph {
  const output = execFileSync('nx', ['graph', '--print'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  return (JSON.parse(output) as { graph: Graph }).graph;
}

test('Nx sees libs below apps, and no cycle', { timeout: 90_000 }, () => {
  const { nodes, dependencies } = readGraph();
  const rootOf = (name: string) => nodes[name]?.data.root ?? '';
  expect(Object.keys(nodes).length).toBeGreaterThan(10);
  const upwards = Object.entries(dependencies).flatMap(([from, targets]) =>
    targets
      .filter(
        ({ target }) => rootOf(from).startsWith('libs/') && !rootOf(target).startsWith('libs/'),
      )
      .map(({ target }) => `${from} -> ${target}`),
  );
  expect(upwards).toEqual([]);
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    expect(path, `a cycle through ${name}`).not.toContain(name);
    if (done.has(name)) return;
    for (const { target } of dependencies[name] ?? []) visit(target, [...path, name]);
    done.add(name);
  };
  for (const name of Object.keys(nodes)) visit(name, []);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from './command-line.ts';

export const folder = mkdtempSync(join(tmpdir(), 'flyball-cli-'));

export function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Writes a file into the folder of this test. */
export function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A policy on replicas with the given words of the loop, and more of the spec. */
export function policy(
  name: string,
  { loop = '', spec = '' }: { readonly loop?: string; readonly spec?: string } = {},
): string {
  return written(
    `${name}.yaml`,
    `apiVersion: flyball/v1
kind: Policy
metadata: { name: ${name} }
spec:
  service: checkout
  objectives: { latency: { p99: 800ms } }
${spec}
  loops:
    replicas:
      ${loop}
      limits: { min: 2, max: 40 }
      startUp: 5s
      actuator: { processes: { url: "http://127.0.0.1:4500" } }
`,
  );
}

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command as typed, with what stands on its standard input. */
export async function flyball(
  args: readonly string[],
  { input = [], environment = {} }: { input?: readonly string[]; environment?: object } = {},
): Promise<Told> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommandLine({
    args,
    environment: environment as Record<string, string>,
    input: (async function* () {
      yield* input;
    })(),
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

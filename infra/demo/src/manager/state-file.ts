import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { processService, setReplicas } from '@flyball/contract';
import { z } from 'zod';
import type { ReplicaState } from './replicas.ts';

const stateFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      version: z.number().int(),
      desired: z.number().int().nonnegative(),
      fence: z.number().int().nonnegative(),
      answered: z.array(z.object({ request: setReplicas, answer: processService })),
    }),
  ),
});

/** Where the running demo can be reached; `npm run demo -- fault ...` reads it. */
export const controlFile = z.object({ url: z.string(), gatewayUrl: z.string(), pid: z.number() });
export type ControlFile = z.infer<typeof controlFile>;

export type LoadedState =
  | { kind: 'loaded'; services: Record<string, ReplicaState> }
  | { kind: 'none' }
  | { kind: 'unreadable'; reason: string };

/** Desired replicas, versions and fences of an earlier run, so that an old leader stays fenced. */
export function loadState(dataDir: string): LoadedState {
  let text: string;
  try {
    text = readFileSync(path.join(dataDir, 'state.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
    return { kind: 'unreadable', reason: String(error) };
  }
  try {
    return { kind: 'loaded', services: stateFile.parse(JSON.parse(text)).services };
  } catch (error) {
    return { kind: 'unreadable', reason: String(error) };
  }
}

export function saveState(dataDir: string, services: Record<string, ReplicaState>): void {
  writeWhole(path.join(dataDir, 'state.json'), { services });
}

export function saveControl(dataDir: string, control: ControlFile): void {
  writeWhole(path.join(dataDir, 'control.json'), control);
}

/** A reader sees the old file or the new one, never half of one. */
function writeWhole(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

import type { Dimension, Loop, Mode } from '@flyball/contract';
import type { ModeState } from '@flyball/control';
import type { LoopMemory } from '../decide/loop.ts';

/** What a service's mode looks like from outside. */
export interface ModeView {
  readonly mode: Mode;
  readonly sinceMs: number;
  /** Why it is not Target; null when it is. */
  readonly cause: string | null;
  readonly dimensions: Readonly<Record<Dimension, { mode: Mode; cause: string | null }>>;
  /** Why the mode may not change now; null: it may. */
  readonly held: string | null;
}

export interface KeptLoop {
  readonly memory: LoopMemory;
  /** How long before it was kept the loop last steered; null: it never did. */
  readonly steeredAgoMs: number | null;
  readonly view: Loop;
}

export interface KeptMode {
  readonly machine: ModeState;
  readonly view: ModeView;
}

/** The controller's state between cycles, so that the next leader goes on without a bump. */
export interface Memory {
  load(): Promise<{ loops: Map<string, KeptLoop>; modes: Map<string, KeptMode> }>;
  /** Refused (false) when a newer leader has written since. */
  save(
    fence: number,
    loops: ReadonlyMap<string, KeptLoop>,
    modes: ReadonlyMap<string, KeptMode>,
  ): Promise<boolean>;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Child, type ChildState } from './child.ts';
import type { Console } from './console.ts';
import type { Options } from './options.ts';
import type { ProcessPlan } from './plan.ts';
import { LOUD_CRASHES } from './restart.ts';

/** By when each rank has ended, counted from the first word; all of it is done within 10 s. */
const STOPPED_BY_MS = [3_500, 7_000, 9_300] as const;

/** Starts the processes in order, keeps them running, stops them in the reverse order. */
export class Supervisor {
  readonly #children: Child[];
  readonly #warden: ChildProcess;
  #stopping: Promise<void> | null = null;
  #startFailed = false;
  /** Called whenever a process changed its state. */
  onChange: () => void = () => {};

  constructor(plans: readonly ProcessPlan[], options: Options, console: Console) {
    this.#warden = spawn(process.execPath, [join(import.meta.dirname, 'warden.js')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#warden.on('error', () => {});
    this.#warden.stdin?.on('error', () => {});
    this.#children = plans.map((plan, index) => {
      const child: Child = new Child(plan, options.root, {
        line: (text) => console.log(plan.name, index, text),
        born: (pid) => this.#tell(`+${pid}`),
        gone: (pid) => this.#tell(`-${pid}`),
        state: (state, detail) => {
          this.onChange();
          if (state === 'crashed' && !child.wasReady) console.failed(plan, detail);
          else if (state === 'crashed') {
            console.crashed(plan, detail, child.crashes >= LOUD_CRASHES);
          }
          if (state === 'ready' && child.crashes > 0) console.recovered(plan);
        },
      });
      return child;
    });
  }

  /** True when one of them did not come up. */
  get startFailed(): boolean {
    return this.#startFailed;
  }

  /**
   * @returns false when it was told to stop meanwhile
   * @throws when one of them does not come up; those that did are stopped.
   */
  async start(
    progress: (plan: ProcessPlan, state: 'starting' | 'ready') => void,
  ): Promise<boolean> {
    try {
      for (const child of this.#children) {
        progress(child.plan, 'starting');
        await child.start();
        progress(child.plan, 'ready');
      }
      return true;
    } catch (error) {
      if (this.#stopping !== null) return false;
      this.#startFailed = true;
      await this.stop();
      throw error;
    }
  }

  /** What each process is doing, by name. */
  processes(): Record<string, { pid: number | null; state: ChildState }> {
    const all = this.#children.map(({ plan, pid, state }) => [
      plan.name,
      { pid: pid ?? null, state },
    ]);
    return Object.fromEntries(all);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  kill(): void {
    for (const child of this.#children) child.kill();
  }

  /** What asks goes before what it asks; within a rank all at once. */
  async #stopAll(): Promise<void> {
    const startedMs = performance.now();
    for (const [rank, byMs] of STOPPED_BY_MS.entries()) {
      const leftMs = Math.max(500, startedMs + byMs - performance.now());
      const children = this.#children.filter(({ plan }) => plan.stopRank === rank);
      await Promise.all(children.map((child) => child.stop(leftMs)));
    }
    this.#tell('bye');
    this.#warden.stdin?.end();
  }

  #tell(line: string): void {
    this.#warden.stdin?.write(`${line}\n`);
  }
}

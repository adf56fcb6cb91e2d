import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import type { Console } from './console.ts';
import type { Options } from './options.ts';
import type { ProcessPlan } from './plan.ts';
import { LOUD_CRASHES } from './restart.ts';

/** Starts the processes in order, keeps them running, stops them in the reverse order. */
export class Supervisor {
  readonly #children: Child[];
  readonly #warden: ChildProcess;
  #stopping: Promise<void> | null = null;

  constructor(plans: readonly ProcessPlan[], options: Options, console: Console) {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
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

  /** @throws when one of them does not come up; those that did are stopped. */
  async start(progress: (plan: ProcessPlan, state: 'starting' | 'ready') => void): Promise<void> {
    try {
      for (const child of this.#children) {
        progress(child.plan, 'starting');
        await child.start();
        progress(child.plan, 'ready');
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ids of the processes that run, by name. */
  pids(): Record<string, number> {
    const running = this.#children.flatMap(({ plan, pid }) =>
      pid === undefined ? [] : [[plan.name, pid] as const],
    );
    return Object.fromEntries(running);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  kill(): void {
    for (const child of this.#children) child.kill();
  }

  /** What writes goes before what it writes to; within a rank all at once, to be done in time. */
  async #stopAll(): Promise<void> {
    const stores = new Set(['clickhouse', 'postgres']);
    const apps = this.#children.filter(({ plan }) => !stores.has(plan.name));
    const demo = apps.filter(({ plan }) => plan.name === 'demo' || plan.name === 'dashboard');
    const rest = apps.filter((child) => !demo.includes(child));
    await Promise.all(demo.map((child) => child.stop()));
    await Promise.all(rest.map((child) => child.stop()));
    await Promise.all(
      this.#children.filter(({ plan }) => stores.has(plan.name)).map((child) => child.stop()),
    );
    this.#tell('bye');
    this.#warden.stdin?.end();
  }

  #tell(line: string): void {
    this.#warden.stdin?.write(`${line}\n`);
  }
}

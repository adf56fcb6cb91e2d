import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessPlan } from './plan.ts';
import { afterCrash } from './restart.ts';

export type ChildState = 'stopped' | 'starting' | 'ready' | 'crashed' | 'stopping';

export interface ChildEvents {
  line(text: string): void;
  state(state: ChildState, detail: string): void;
  /** A process group that must not outlive the supervisor, and one that is gone. */
  born(pid: number): void;
  gone(pid: number): void;
}

const PROBE_EVERY_MS = 150;

/** One process that is kept running until it is told to stop. */
export class Child {
  readonly plan: ProcessPlan;
  readonly #root: string;
  readonly #events: ChildEvents;
  #process: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #state: ChildState = 'stopped';
  #crashes = 0;
  #wasReady = false;
  #startedMs = 0;
  readonly #stop = new AbortController();

  constructor(plan: ProcessPlan, root: string, events: ChildEvents) {
    this.plan = plan;
    this.#root = root;
    this.#events = events;
  }

  get state(): ChildState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** It was ready once: from then on it is brought back whenever it ends. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** @throws when it ends, or is not ready in time, before it was ever ready. */
  async start(): Promise<void> {
    this.#spawn();
    await this.#becomeReady();
  }

  async #becomeReady(): Promise<void> {
    const deadline = performance.now() + this.plan.readyWithinMs;
    while (performance.now() < deadline) {
      this.#stop.signal.throwIfAborted();
      if (this.#process === null) throw new Error(`${this.plan.title} ended before it was ready`);
      if (await this.plan.ready(this.#process.pid ?? 0).catch(() => false)) {
        this.#wasReady = true;
        this.#set('ready', '');
        return;
      }
      await sleep(PROBE_EVERY_MS);
    }
    const seconds = Math.round(this.plan.readyWithinMs / 1000);
    throw new Error(`${this.plan.title} was not ready within ${seconds} s: see its log`);
  }

  /** SIGTERM, and SIGKILL to its whole group when it takes longer than `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stop.abort();
    const child = this.#process;
    if (child === null) return;
    this.#set('stopping', '');
    child.kill('SIGTERM');
    const timer = new AbortController();
    const late = sleep(withinMs, 'late', { signal: timer.signal }).catch(() => '');
    if ((await Promise.race([this.#exited, late])) === 'late') this.kill();
    timer.abort();
    await this.#exited;
  }

  /** At once, with everything it started. */
  kill(): void {
    this.#stop.abort();
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It went by itself.
    }
  }

  #spawn(): void {
    const { script, args, cwd, env } = this.plan;
    let own: Record<string, string>;
    try {
      own = env();
    } catch (error) {
      // What it needs to know is told by another process, which is away as well.
      this.#startedMs = performance.now();
      this.#crashed(`it cannot be started yet: ${(error as Error).message}`);
      return;
    }
    const child = spawn(process.execPath, [join(this.#root, script), ...args], {
      cwd,
      env: { ...process.env, ...own },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop in order.
      detached: true,
    });
    this.#process = child;
    this.#startedMs = performance.now();
    this.#set('starting', '');
    if (child.pid !== undefined) this.#events.born(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (text) => this.#events.line(text));
    }
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#ended(child, error.message);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#ended(child, signal === null ? `exit code ${code}` : `signal ${signal}`);
        resolve();
      });
    });
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#process !== child) return;
    this.#process = null;
    // The group's stragglers must not hold the port of the next one.
    if (child.pid !== undefined) {
      killGroup(child.pid);
      this.#events.gone(child.pid);
    }
    if (this.#stop.signal.aborted) {
      this.#set('stopped', '');
      return;
    }
    this.#crashed(how);
  }

  #crashed(how: string): void {
    const { crashes, waitMs } = afterCrash(
      { crashes: this.#crashes, startedMs: this.#startedMs },
      performance.now(),
    );
    this.#crashes = crashes;
    this.#set('crashed', how);
    // The first start is the caller's business; after it we are the ones who bring it back.
    if (this.#wasReady) void this.#again(waitMs);
  }

  async #again(waitMs: number): Promise<void> {
    await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    if (this.#stop.signal.aborted) return;
    this.#spawn();
    // One that is slow to come up is waited for; one that ends comes back here.
    while (this.#process !== null && !this.#stop.signal.aborted) {
      const failure = await this.#becomeReady().catch((error: Error) => error);
      if (failure === undefined) return;
      this.#events.line(failure.message);
    }
  }

  #set(state: ChildState, detail: string): void {
    this.#state = state;
    this.#events.state(state, detail);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

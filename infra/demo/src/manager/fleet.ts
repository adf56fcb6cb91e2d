import type { ProcessService } from '@flyball/contract';
import type { Directory, Disturbance, Peer, ServiceStats, ToChild } from '../process/messages.ts';
import { type RestartHistory, restartDelayMs } from './backoff.ts';
import type { RunningProcess, StartProcess } from './process.port.ts';

/** Others forget an instance this long before it is asked to stop. */
const FORGET_BEFORE_STOP_MS = 300;
/** EWMA of the start-up time: share of the newest. */
const START_UP_SHARE = 0.3;

interface Instance {
  id: string;
  state: 'starting' | 'running' | 'draining';
  url: string;
  startedAtMs: number;
  /** null while a restart is waited for. */
  process: RunningProcess | null;
  restarts: RestartHistory;
  cpuRatio: number | null;
  stats: ServiceStats | null;
  timer: NodeJS.Timeout | null;
}

/** An instance as the control page shows it. */
export interface InstanceView {
  instance: string;
  state: Instance['state'];
  pid: number | null;
  cpuRatio: number | null;
  stats: ServiceStats | null;
}

/**
 * The processes of one service. `setDesired` declares how many there should be; the fleet starts
 * and drains until that is true, and restarts what ends unasked. Names are ordinals and are used
 * again: checkout-1, checkout-2, so that a dashboard does not fill up with dead names.
 */
export class Fleet {
  readonly service: string;
  readonly #start: StartProcess;
  readonly #nowMs: () => number;
  readonly #onChange: () => void;
  #instances: Instance[] = [];
  #desired = 0;
  #closed = false;
  #startUpMs: number | null = null;
  #directory: Directory = {};
  #disturbanceOf: (instance: string) => Disturbance;

  constructor(options: {
    service: string;
    start: StartProcess;
    /** Milliseconds since the epoch. */
    nowMs: () => number;
    disturbanceOf: (instance: string) => Disturbance;
    onChange: () => void;
  }) {
    this.service = options.service;
    this.#start = options.start;
    this.#nowMs = options.nowMs;
    this.#disturbanceOf = options.disturbanceOf;
    this.#onChange = options.onChange;
  }

  setDesired(desired: number): void {
    this.#desired = desired;
    this.#reconcile();
  }

  /** Running instances, oldest name first. */
  peers(): Peer[] {
    return this.#instances
      .filter(({ state }) => state === 'running')
      .map(({ id, url, startedAtMs }) => ({ instance: id, url, startedAtMs }));
  }

  tellDirectory(directory: Directory): void {
    this.#directory = directory;
    this.#tell(() => ({ kind: 'directory', directory }));
  }

  tellDisturbances(): void {
    this.#tell((id) => ({ kind: 'disturbance', disturbance: this.#disturbanceOf(id) }));
  }

  counts(): Pick<ProcessService, 'running' | 'starting' | 'draining' | 'startUpMs' | 'instances'> {
    const inState = (state: Instance['state']) =>
      this.#instances.filter((instance) => instance.state === state).length;
    return {
      running: inState('running'),
      starting: inState('starting'),
      draining: inState('draining'),
      startUpMs: this.#startUpMs === null ? null : Math.round(this.#startUpMs),
      instances: this.#instances.map(({ id, state, url, startedAtMs }) => ({
        instance: id,
        state,
        url,
        startedAtMs,
      })),
    };
  }

  view(): InstanceView[] {
    return this.#instances.map((instance) => ({
      instance: instance.id,
      state: instance.state,
      pid: instance.process?.pid ?? null,
      cpuRatio: instance.cpuRatio,
      stats: instance.stats,
    }));
  }

  /** Stops everything at once; nothing is started again. */
  close(): void {
    this.#closed = true;
    for (const instance of this.#instances) {
      if (instance.timer !== null) clearTimeout(instance.timer);
      instance.process?.stop();
    }
    this.#instances = this.#instances.filter((instance) => instance.process !== null);
  }

  isEmpty(): boolean {
    return this.#instances.length === 0;
  }

  #reconcile(): void {
    if (this.#closed) return;
    const active = this.#instances.filter((instance) => instance.state !== 'draining');
    for (let count = active.length; count < this.#desired; count += 1) this.#add();
    const surplus = active.length - this.#desired;
    if (surplus > 0) {
      for (const instance of leastMissed(active).slice(0, surplus)) this.#drain(instance);
    }
    this.#onChange();
  }

  #add(): void {
    const taken = new Set(this.#instances.map(({ id }) => id));
    let ordinal = 1;
    while (taken.has(`${this.service}-${ordinal}`)) ordinal += 1;
    const instance: Instance = {
      id: `${this.service}-${ordinal}`,
      state: 'starting',
      url: '',
      startedAtMs: this.#nowMs(),
      process: null,
      restarts: { failures: 0 },
      cpuRatio: null,
      stats: null,
      timer: null,
    };
    this.#instances.push(instance);
    this.#launch(instance);
  }

  #launch(instance: Instance): void {
    const launchedAtMs = this.#nowMs();
    instance.startedAtMs = launchedAtMs;
    instance.timer = null;
    const started = this.#start(
      { service: this.service, instance: instance.id },
      {
        onMessage: (message) => {
          if (message.kind === 'ready') this.#ready(instance, message.url);
          if (message.kind === 'stats' && message.stats.of === 'service') {
            instance.cpuRatio = message.cpuRatio;
            instance.stats = message.stats;
          }
        },
        onExit: () => this.#ended(instance, this.#nowMs() - launchedAtMs),
      },
    );
    instance.process = started;
    started.send({ kind: 'directory', directory: this.#directory });
    started.send({ kind: 'disturbance', disturbance: this.#disturbanceOf(instance.id) });
  }

  #ready(instance: Instance, url: string): void {
    if (instance.state !== 'starting') return;
    const tookMs = this.#nowMs() - instance.startedAtMs;
    this.#startUpMs =
      this.#startUpMs === null
        ? tookMs
        : this.#startUpMs + START_UP_SHARE * (tookMs - this.#startUpMs);
    instance.state = 'running';
    instance.url = url;
    this.#onChange();
  }

  #drain(instance: Instance): void {
    instance.state = 'draining';
    if (instance.timer !== null) clearTimeout(instance.timer);
    if (instance.process === null) {
      this.#remove(instance);
      return;
    }
    instance.timer = setTimeout(() => instance.process?.stop(), FORGET_BEFORE_STOP_MS);
  }

  #ended(instance: Instance, ranForMs: number): void {
    instance.process = null;
    if (this.#closed || instance.state === 'draining') {
      this.#remove(instance);
      this.#reconcile();
      return;
    }
    const { delayMs, history } = restartDelayMs(instance.restarts, ranForMs);
    Object.assign(instance, { state: 'starting', url: '', stats: null, cpuRatio: null });
    instance.restarts = history;
    instance.timer = setTimeout(() => this.#launch(instance), delayMs);
    this.#onChange();
  }

  #remove(instance: Instance): void {
    if (instance.timer !== null) clearTimeout(instance.timer);
    this.#instances = this.#instances.filter((other) => other !== instance);
  }

  #tell(message: (id: string) => ToChild): void {
    for (const instance of this.#instances) instance.process?.send(message(instance.id));
  }
}

/** Whom to drain first: those that do not serve yet, then the newest. */
function leastMissed(instances: readonly Instance[]): Instance[] {
  return [...instances].sort((one, other) => {
    if (one.state !== other.state) return one.state === 'starting' ? -1 : 1;
    return other.startedAtMs - one.startedAtMs;
  });
}

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { ProcessService, SetReplicas } from '@flyball/contract';
import type { Logger } from 'pino';
import type { LoadPlan } from '../load/shape.ts';
import type { InstanceEnvironment } from '../process/environment.ts';
import type { Directory, GuardView, LoadStats } from '../process/messages.ts';
import { SHOP } from '../shop.ts';
import { type DemoConfig, reachable } from './config.ts';
import {
  addFault,
  disturbanceOf,
  type Fault,
  type FaultRequest,
  stillOn,
  surgeOf,
} from './faults.ts';
import { Fleet, type InstanceView } from './fleet.ts';
import { Keeper } from './keeper.ts';
import { forkProcess } from './process.fork.ts';
import type { ProcessEvents, RunningProcess } from './process.port.ts';
import { initialReplicas, type ReplicaState, rememberAnswer, setReplicas } from './replicas.ts';
import { loadState, saveControl, saveState } from './state-file.ts';

/** Faults end by the clock; this is how closely. */
const FAULT_CHECK_MS = 500;
const STOP_WITHIN_MS = 4_800;

/** GET /state: everything the control page shows. */
export interface ShopState {
  isReady: boolean;
  dashboardPort: number;
  gatewayUrl: string | null;
  services: (ProcessService & { views: InstanceView[] })[];
  guards: GuardView[];
  load: LoadStats | null;
  plan: LoadPlan;
  faults: readonly Fault[];
  /** Cores in use by the whole demo. */
  cpuRatio: number;
  nowMs: number;
}

export type ReplicasAnswer =
  | { status: 200; service: ProcessService }
  | { status: 409; code: string; message: string; service: ProcessService }
  | { status: 422; message: string };

/** The shop: its processes, its faults, its load. */
export class ShopManager {
  readonly #config: DemoConfig;
  readonly #log: Logger;
  readonly #fleets: ReadonlyMap<string, Fleet>;
  readonly #gateway: Keeper;
  readonly #load: Keeper;
  #replicas: Record<string, ReplicaState>;
  #faults: readonly Fault[] = [];
  #plan: LoadPlan;
  #gatewayUrl: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #cpu = { usage: process.cpuUsage(), atMs: performance.now(), ratio: 0 };

  constructor(config: DemoConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#plan = { shape: config.shape, baseRatePerSecond: config.ratePerSecond, multiplier: 1 };
    this.#replicas = this.#startingPoint();
    this.#fleets = new Map(SHOP.map(({ service }) => [service, this.#fleetOf(service)] as const));
    const nowMs = Date.now;
    this.#gateway = new Keeper({
      nowMs,
      start: (events) => {
        const gateway = this.#fork('gateway', 'gateway-1', events);
        gateway.send({ kind: 'directory', directory: this.#directory() });
        return gateway;
      },
      onReady: (url) => {
        this.#gatewayUrl = `http://${reachable(config.host)}:${new URL(url).port}`;
        this.#announce();
      },
    });
    this.#load = new Keeper({
      nowMs,
      start: (events) => this.#fork('load', 'customers', events),
      onReady: () => this.#load.send({ kind: 'load', plan: this.#currentPlan() }),
    });
  }

  /** Starts every process; `controlUrl` is where this manager listens. */
  open(controlUrl: string): void {
    for (const [service, fleet] of this.#fleets) {
      fleet.setDesired(this.#replicas[service]?.desired ?? 0);
    }
    this.#gateway.open();
    this.#timer = setInterval(() => this.#tick(controlUrl), FAULT_CHECK_MS);
  }

  /** Ends every process, within five seconds. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#load.close();
    this.#gateway.close();
    for (const fleet of this.#fleets.values()) fleet.close();
    const deadlineMs = performance.now() + STOP_WITHIN_MS;
    while (this.#anyProcess() && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ready when the gateway serves and every service has an instance. */
  isReady(): boolean {
    return (
      this.#gateway.isReady() &&
      [...this.#fleets].every(
        ([service, fleet]) =>
          fleet.peers().length > 0 || (this.#replicas[service]?.desired ?? 0) === 0,
      )
    );
  }

  service(service: string): ProcessService | null {
    const fleet = this.#fleets.get(service);
    const replicas = this.#replicas[service];
    if (fleet === undefined || replicas === undefined) return null;
    const { version, desired, fence } = replicas;
    return { service, version, desired, fence, ...fleet.counts() };
  }

  services(): ProcessService[] {
    return SHOP.flatMap(({ service }) => this.service(service) ?? []);
  }

  /** Declares how many instances a service has; null for a service the shop does not have. */
  setReplicas(service: string, request: SetReplicas): ReplicasAnswer | null {
    const before = this.#replicas[service];
    const fleet = this.#fleets.get(service);
    if (before === undefined || fleet === undefined) return null;
    const result = setReplicas(before, request, this.#config);
    this.#replicas = { ...this.#replicas, [service]: result.state };
    const current = () => this.service(service) as ProcessService;
    switch (result.kind) {
      case 'repeated':
        return { status: 200, service: result.answer };
      case 'invalid':
        return { status: 422, message: result.message };
      case 'refused':
        this.#save();
        return { status: 409, code: result.code, message: result.message, service: current() };
      case 'accepted': {
        if (result.changed) fleet.setDesired(result.state.desired);
        const answer = current();
        const state = rememberAnswer(result.state, { request, answer });
        this.#replicas = { ...this.#replicas, [service]: state };
        this.#save();
        const { desired, version, fence } = answer;
        this.#log.info({ service, desired, version, fence, by: request.by }, 'replicas set');
        return { status: 200, service: answer };
      }
    }
  }

  faults(): readonly Fault[] {
    return stillOn(this.#faults, Date.now());
  }

  addFault(request: FaultRequest): { fault: Fault } | { message: string } {
    const result = addFault(this.faults(), request, {
      nowMs: Date.now(),
      newId: randomUUID().slice(0, 8),
      instancesOf: new Map(
        [...this.#fleets].map(([service, fleet]) => [
          service,
          fleet.peers().map((peer) => peer.instance),
        ]),
      ),
    });
    if (result.kind === 'invalid') return { message: result.message };
    this.#setFaults(result.faults);
    this.#log.info({ fault: result.fault.text, id: result.fault.id }, 'fault on');
    return { fault: result.fault };
  }

  /** Whether there was such a fault. */
  removeFault(id: string): boolean {
    const left = this.#faults.filter((fault) => fault.id !== id);
    if (left.length === this.#faults.length) return false;
    this.#setFaults(left);
    this.#log.info({ id }, 'fault off');
    return true;
  }

  setLoad(change: Partial<Pick<LoadPlan, 'shape' | 'baseRatePerSecond'>>): LoadPlan {
    this.#plan = { ...this.#plan, ...change };
    this.#load.send({ kind: 'load', plan: this.#currentPlan() });
    return this.#currentPlan();
  }

  state(): ShopState {
    const gateway = this.#gateway.last()?.stats;
    const load = this.#load.last()?.stats;
    return {
      isReady: this.isReady(),
      dashboardPort: this.#config.dashboardPort,
      gatewayUrl: this.#gatewayUrl,
      services: this.services().map((service) => ({
        ...service,
        views: this.#fleets.get(service.service)?.view() ?? [],
      })),
      guards: gateway?.of === 'gateway' ? gateway.guards : [],
      load: load?.of === 'load' ? load : null,
      plan: this.#currentPlan(),
      faults: this.faults(),
      cpuRatio: this.#cpuRatio(),
      nowMs: Date.now(),
    };
  }

  #tick(controlUrl: string): void {
    const left = this.faults();
    if (left.length !== this.#faults.length) {
      this.#log.info('a fault has come to its end');
      this.#setFaults(left);
    }
    this.#measureCpu();
    if (this.#gatewayUrl === null || this.#load.isOpen() || !this.isReady()) return;
    const { dataDir } = this.#config;
    saveControl(dataDir, { url: controlUrl, gatewayUrl: this.#gatewayUrl, pid: process.pid });
    this.#load.open();
    this.#log.info({ url: controlUrl, gatewayUrl: this.#gatewayUrl }, 'the shop is open');
  }

  #setFaults(faults: readonly Fault[]): void {
    this.#faults = faults;
    for (const fleet of this.#fleets.values()) fleet.tellDisturbances();
    this.#load.send({ kind: 'load', plan: this.#currentPlan() });
  }

  #currentPlan(): LoadPlan {
    return { ...this.#plan, multiplier: surgeOf(this.faults()) };
  }

  #directory(): Directory {
    return Object.fromEntries(
      [...this.#fleets].map(([service, fleet]) => [service, fleet.peers()]),
    );
  }

  #announce(): void {
    const directory = this.#directory();
    for (const fleet of this.#fleets.values()) fleet.tellDirectory(directory);
    this.#gateway.send({ kind: 'directory', directory });
  }

  #fleetOf(service: string): Fleet {
    return new Fleet({
      service,
      nowMs: Date.now,
      start: (target, events) => this.#fork('service', target.instance, events, service),
      disturbanceOf: (instance) => disturbanceOf(this.faults(), { service, instance }),
      onChange: () => this.#announce(),
    });
  }

  #fork(
    program: 'service' | 'gateway' | 'load',
    instance: string,
    events: ProcessEvents,
    service: string = program,
  ): RunningProcess {
    const { host, seed, startDelayMs, controllerUrl, guardToken, gatewayPort } = this.#config;
    const settings: InstanceEnvironment = {
      service,
      instance,
      seed,
      startDelayMs,
      host: program === 'gateway' ? host : '127.0.0.1',
      listenPort: program === 'gateway' ? this.#portOf(gatewayPort) : 0,
      gatewayUrl: this.#gatewayUrl ?? '',
      controllerUrl,
      guardToken: guardToken ?? '',
    };
    const cacheDir = path.join(this.#config.dataDir, 'compile-cache');
    return forkProcess({ program, settings, cacheDir, log: this.#log }, events);
  }

  /** A gateway that comes back serves where its predecessor did. */
  #portOf(configured: number): number {
    if (configured !== 0 || this.#gatewayUrl === null) return configured;
    return Number(new URL(this.#gatewayUrl).port);
  }

  #startingPoint(): Record<string, ReplicaState> {
    const loaded = loadState(this.#config.dataDir);
    if (loaded.kind === 'unreadable') {
      this.#log.warn({ reason: loaded.reason }, 'state.json cannot be used, starting afresh');
    }
    const earlier = loaded.kind === 'loaded' ? loaded.services : {};
    return Object.fromEntries(
      SHOP.map(({ service, replicas }) => [service, earlier[service] ?? initialReplicas(replicas)]),
    );
  }

  #save(): void {
    try {
      saveState(this.#config.dataDir, this.#replicas);
    } catch (error) {
      this.#log.error({ err: error }, 'the desired state could not be saved');
    }
  }

  #anyProcess(): boolean {
    return (
      this.#gateway.isOpen() ||
      this.#load.isOpen() ||
      [...this.#fleets.values()].some((fleet) => !fleet.isEmpty())
    );
  }

  #measureCpu(): void {
    const atMs = performance.now();
    const used = process.cpuUsage(this.#cpu.usage);
    const ratio = (used.user + used.system) / 1_000 / (atMs - this.#cpu.atMs);
    this.#cpu = { usage: process.cpuUsage(), atMs, ratio };
  }

  #cpuRatio(): number {
    const children = [...this.#fleets.values()].flatMap((fleet) => fleet.view());
    return (
      this.#cpu.ratio +
      children.reduce((sum, { cpuRatio }) => sum + (cpuRatio ?? 0), 0) +
      (this.#gateway.last()?.cpuRatio ?? 0) +
      (this.#load.last()?.cpuRatio ?? 0)
    );
  }
}

import type { CallFigures } from '../../orient/error-origin.ts';
import { Agenda } from '../agenda.ts';
import { Draws } from '../random.ts';
import type { ChainFigures, ChainScenario, ChainService, ServiceFigures } from './chain.ts';

/** One request at one service. */
interface Job {
  readonly arrivedMs: number;
  /** Nobody waits for it after this; known to the service only where deadlines travel. */
  readonly deadlineMs: number;
  readonly ended: (ok: boolean) => void;
  isGivenUp: boolean;
}

interface Station {
  readonly service: ChainService;
  readonly calls: readonly number[];
  readonly waiting: Job[];
  busy: number;
}

interface Call {
  /** Null: a client. */
  readonly caller: Station | null;
  readonly callee: Station;
  readonly deadlineMs: number;
  readonly ended: (ok: boolean) => void;
}

interface Mutable {
  requests: number;
  succeeded: number;
  readonly calls: Map<string, CallFigures>;
  readonly services: Map<string, ServiceFigures>;
}

const MOST_WAITING = 1_000;
const CLIENT = 'client';

export class ChainRun {
  private readonly scenario: ChainScenario;
  private readonly draws: Draws;
  private readonly agenda = new Agenda();
  private readonly happenings = new Map<number, () => void>();
  private readonly stations: readonly Station[];
  private readonly windows: Mutable[];
  private readonly windowMs: number;
  private happened = 0;
  private nowMs = 0;

  constructor(scenario: ChainScenario) {
    this.scenario = scenario;
    this.draws = new Draws({ seed: scenario.seed });
    this.windowMs = scenario.windowMs ?? scenario.durationMs;
    const names = scenario.services.map(({ name }) => name);
    this.stations = scenario.services.map((service) => ({
      service,
      calls: service.calls.map((callee) => names.indexOf(callee)),
      waiting: [],
      busy: 0,
    }));
    const windows = Math.ceil(scenario.durationMs / this.windowMs);
    this.windows = Array.from({ length: windows }, () => ({
      requests: 0,
      succeeded: 0,
      calls: new Map(),
      services: new Map(),
    }));
  }

  run(): readonly ChainFigures[] {
    this.arriveNext();
    for (;;) {
      const next = this.agenda.next();
      if (next === undefined || next.atMs >= this.scenario.durationMs) break;
      this.nowMs = next.atMs;
      const happen = this.happenings.get(next.what);
      this.happenings.delete(next.what);
      happen?.();
    }
    return this.windows.map((window, index) => ({
      fromMs: index * this.windowMs,
      requests: window.requests,
      succeeded: window.succeeded,
      calls: [...window.calls.values()],
      services: [...window.services.values()],
    }));
  }

  private at(atMs: number, happen: () => void): number {
    this.happened += 1;
    this.happenings.set(this.happened, happen);
    this.agenda.add(atMs, this.happened);
    return this.happened;
  }

  /** Poisson at the load's present rate; none for now: looks again in a second. */
  private arriveNext(): void {
    const perSecond = this.scenario.load(this.nowMs);
    if (perSecond <= 0) {
      this.at(this.nowMs + 1_000, () => this.arriveNext());
      return;
    }
    this.at(this.nowMs + this.draws.exponential(1_000 / perSecond), () => {
      const { deadlineMs = Number.POSITIVE_INFINITY } = this.scenario;
      this.attempt(
        {
          caller: null,
          callee: this.stations[0] as Station,
          deadlineMs: this.nowMs + deadlineMs,
          ended: (ok) => this.countRequest(ok),
        },
        this.scenario.clientAttempts ?? 1,
      );
      this.arriveNext();
    });
  }

  private attempt(call: Call, attempts: number): void {
    const { timeoutMs, backoffMs = 0 } = this.scenario;
    const untilMs = Math.min(call.deadlineMs, this.nowMs + timeoutMs);
    let isSettled = false;
    const settle = (ok: boolean) => {
      isSettled = true;
      this.countCall(call, ok);
      const againMs = this.nowMs + backoffMs;
      if (ok || attempts <= 1 || againMs >= call.deadlineMs) call.ended(ok);
      else this.at(againMs, () => this.attempt(call, attempts - 1));
    };
    const job: Job = {
      arrivedMs: this.nowMs,
      deadlineMs: this.scenario.deadlineMs === undefined ? Number.POSITIVE_INFINITY : untilMs,
      isGivenUp: false,
      ended: (ok) => {
        this.happenings.delete(timer);
        if (!isSettled) settle(ok);
      },
    };
    const timer = this.at(untilMs, () => {
      job.isGivenUp = true;
      settle(false);
    });
    this.submit(call.callee, job);
  }

  private submit(station: Station, job: Job): void {
    if (station.busy < station.service.workers) {
      this.begin(station, job);
    } else if (station.waiting.length < (station.service.mostWaiting ?? MOST_WAITING)) {
      station.waiting.push(job);
    } else {
      job.ended(false);
    }
  }

  private begin(station: Station, job: Job): void {
    station.busy += 1;
    const fault = this.faultOf(station);
    const workMs = this.draws.exponential(station.service.meanServiceMs * (fault?.slowdown ?? 1));
    const fails = this.draws.uniform() < (fault?.errorRatio ?? 0);
    this.at(this.nowMs + workMs, () => {
      this.countService(station, { begun: 1, ownMs: this.nowMs - job.arrivedMs });
      if (fails) this.end(station, job, false);
      else this.callNext(station, job, 0);
    });
  }

  /** The dependencies in their order; the first that fails fails the request. */
  private callNext(station: Station, job: Job, index: number): void {
    const callee = station.calls[index];
    if (callee === undefined || this.nowMs >= job.deadlineMs) {
      this.end(station, job, callee === undefined);
      return;
    }
    this.attempt(
      {
        caller: station,
        callee: this.stations[callee] as Station,
        deadlineMs: job.deadlineMs,
        ended: (ok) => {
          if (ok) this.callNext(station, job, index + 1);
          else this.end(station, job, false);
        },
      },
      station.service.attempts ?? 1,
    );
  }

  private end(station: Station, job: Job, ok: boolean): void {
    station.busy -= 1;
    if (job.isGivenUp) this.countService(station, { wasted: 1 });
    job.ended(ok);
    for (let next = station.waiting.shift(); next !== undefined; next = station.waiting.shift()) {
      if (next.deadlineMs > this.nowMs) {
        this.begin(station, next);
        return;
      }
    }
  }

  private faultOf(station: Station) {
    return this.scenario.faults?.find(
      ({ service, fromMs, toMs }) =>
        service === station.service.name && this.nowMs >= fromMs && this.nowMs < toMs,
    );
  }

  private window(): Mutable {
    const index = Math.floor(this.nowMs / this.windowMs);
    return this.windows[Math.min(index, this.windows.length - 1)] as Mutable;
  }

  private countRequest(ok: boolean): void {
    const window = this.window();
    window.requests += 1;
    if (ok) window.succeeded += 1;
  }

  private countCall(call: Call, ok: boolean): void {
    const caller = call.caller?.service.name ?? CLIENT;
    const callee = call.callee.service.name;
    const { calls } = this.window();
    const key = `${caller} ${callee}`;
    const before = calls.get(key) ?? { caller, callee, count: 0, errors: 0 };
    const errors = before.errors + (ok ? 0 : 1);
    calls.set(key, { ...before, count: before.count + 1, errors });
  }

  private countService(station: Station, more: Partial<ServiceFigures>): void {
    const { services } = this.window();
    const service = station.service.name;
    const before = services.get(service) ?? { service, begun: 0, wasted: 0, ownMs: 0 };
    services.set(service, {
      service,
      begun: before.begun + (more.begun ?? 0),
      wasted: before.wasted + (more.wasted ?? 0),
      ownMs: before.ownMs + (more.ownMs ?? 0),
    });
  }
}

import type { Observer, Question } from './observer.port.ts';
import type { RedView, ServiceView, Snapshot } from './snapshot.ts';

/** Shows what a test put there. */
export class FakeObserver implements Observer {
  readonly services = new Map<string, ServiceView>();
  failures: Snapshot['failures'] = {};
  edges: Snapshot['edges'] = [];

  async observe(_questions: readonly Question[], nowMs: number): Promise<Snapshot> {
    return {
      atMs: nowMs,
      services: new Map(this.services),
      edges: this.edges,
      failures: this.failures,
    };
  }

  async examples(): Promise<readonly string[]> {
    return ['4bf92f3577b34da6a3ce929d0e0e4736'];
  }

  /** One service with the same utilisation on each instance. */
  show(
    service: string,
    atMs: number,
    figures: {
      utilization?: number;
      p99Ms?: number;
      requests?: number;
      errors?: number;
      instances?: readonly string[];
    },
  ): void {
    const names = figures.instances ?? ['a', 'b'];
    const red = (share: number): RedView => ({
      windowMs: 20_000,
      requests: Math.round((figures.requests ?? 1_000) * share),
      errors: Math.round((figures.errors ?? 0) * share),
      p99Ms: figures.p99Ms ?? 100,
      p50Ms: (figures.p99Ms ?? 100) / 2,
      inflight: 4 * share,
      newestMs: atMs,
    });
    const gauge = new Map(
      names.map((name) => [name, { value: figures.utilization ?? 0.5, newestMs: atMs }]),
    );
    this.services.set(service, {
      service,
      red: red(1),
      instances: new Map(names.map((name) => [name, red(1 / names.length)])),
      gauges: new Map([['worker.utilization', gauge]]),
      slo: [],
    });
  }
}

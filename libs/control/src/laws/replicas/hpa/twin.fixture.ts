/**
 * The slow obvious twin of `hpa`: lists that only grow, everything looked through at each sync,
 * changes recorded by the one who makes them. One utilisation metric, evidence always at hand.
 */
import type { HpaPolicy, HpaRules, HpaSettings } from './hpa-config.ts';

interface Recommended {
  atMs: number;
  replicas: number;
}

interface Change {
  atMs: number;
  change: number;
  outdated: boolean;
}

export interface TwinInput {
  readonly nowMs: number;
  readonly utilization: number;
  readonly current: number;
  readonly ready: number;
}

export class HpaTwin {
  private readonly settings: HpaSettings;
  private recommendations: Recommended[] | null = null;
  private readonly ups: Change[] = [];
  private readonly downs: Change[] = [];

  constructor(settings: HpaSettings) {
    this.settings = settings;
  }

  sync(input: TwinInput): number {
    const { current, nowMs } = input;
    const { minReplicas, maxReplicas } = this.settings;
    this.recommendations ??= [{ atMs: nowMs, replicas: current }];
    let desired: number;
    if (current === 0 && minReplicas !== 0) {
      return 0;
    }
    if (current > maxReplicas) {
      desired = maxReplicas;
    } else if (current < minReplicas) {
      desired = minReplicas;
    } else {
      const asked = this.asked(input);
      if (asked === null) {
        return current;
      }
      desired = this.settings.behavior
        ? this.withBehavior(asked, current, nowMs)
        : this.plainly(asked, current, nowMs);
    }
    this.store(current, desired, nowMs);
    return desired;
  }

  private asked({ utilization, current, ready }: TwinInput): number | null {
    const target = this.settings.targetPercent as number;
    const { up, down } = this.settings.tolerance;
    const within = (ratio: number) => 1 - down <= ratio && ratio <= 1 + up;
    if (ready === 0) {
      return null;
    }
    const usage = Array.from({ length: ready }, () => Math.round(utilization * 1_000));
    const percent = (pods: readonly number[]) =>
      Math.trunc((pods.reduce((sum, each) => sum + each, 0) * 100) / (1_000 * pods.length));
    const ratio = percent(usage) / target;
    const unready = current - ready;
    if (!(unready > 0 && ratio > 1)) {
      return within(ratio) ? current : Math.ceil(ratio * ready);
    }
    for (let pod = 0; pod < unready; pod += 1) {
      usage.push(0);
    }
    const again = percent(usage) / target;
    if (within(again) || again < 1) {
      return current;
    }
    const replicas = Math.ceil(again * usage.length);
    return replicas < current ? current : replicas;
  }

  private plainly(asked: number, current: number, nowMs: number): number {
    const { downscaleStabilizationMs, minReplicas, maxReplicas } = this.settings;
    let most = asked;
    for (const each of this.recommendations ?? []) {
      if (!(each.atMs < nowMs - downscaleStabilizationMs)) {
        most = Math.max(most, each.replicas);
      }
    }
    this.recommendations?.push({ atMs: nowMs, replicas: asked });
    const limit = Math.max(2 * current, 4);
    return Math.max(minReplicas, Math.min(most, Math.min(maxReplicas, limit)));
  }

  private withBehavior(asked: number, current: number, nowMs: number): number {
    const { behavior, minReplicas, maxReplicas } = this.settings;
    const { up, down } = behavior as { up: HpaRules; down: HpaRules };
    let lowest = asked;
    let highest = asked;
    for (const each of this.recommendations ?? []) {
      if (each.atMs > nowMs - up.stabilizationMs) {
        lowest = Math.min(lowest, each.replicas);
      }
      if (each.atMs > nowMs - down.stabilizationMs) {
        highest = Math.max(highest, each.replicas);
      }
    }
    this.recommendations?.push({ atMs: nowMs, replicas: asked });
    let stabilized = current;
    if (stabilized < lowest) {
      stabilized = lowest;
    }
    if (stabilized > highest) {
      stabilized = highest;
    }
    if (stabilized > current) {
      const limit = Math.max(current, this.limit(up, current, nowMs, 'up'));
      return Math.min(stabilized, maxReplicas, limit);
    }
    if (stabilized < current) {
      const limit = Math.min(current, this.limit(down, current, nowMs, 'down'));
      return Math.max(stabilized, minReplicas, limit);
    }
    return stabilized;
  }

  private limit(rules: HpaRules, current: number, nowMs: number, way: 'up' | 'down'): number {
    if (rules.selectPolicy === 'Disabled') {
      return current;
    }
    const within = (events: readonly Change[], { periodMs }: HpaPolicy) =>
      events
        .filter((event) => event.atMs > nowMs - periodMs)
        .reduce((sum, event) => sum + event.change, 0);
    const limits = rules.policies.map((policy) => {
      const start = current - within(this.ups, policy) + within(this.downs, policy);
      const { type, value } = policy;
      if (way === 'up') {
        return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
      }
      return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
    });
    const most = (way === 'up') === (rules.selectPolicy === 'Max');
    return most ? Math.max(...limits) : Math.min(...limits);
  }

  private store(before: number, after: number, nowMs: number): void {
    const { behavior } = this.settings;
    if (behavior === null || before === after) {
      return;
    }
    const [list, rules] = after > before ? [this.ups, behavior.up] : [this.downs, behavior.down];
    const longest = Math.max(...rules.policies.map((policy) => policy.periodMs));
    let place: number | null = null;
    for (const [index, event] of list.entries()) {
      event.outdated ||= event.atMs < nowMs - longest;
      if (event.outdated) {
        place = index;
      }
    }
    const event = { atMs: nowMs, change: Math.abs(after - before), outdated: false };
    if (place === null) {
      list.push(event);
    } else {
      list[place] = event;
    }
  }
}

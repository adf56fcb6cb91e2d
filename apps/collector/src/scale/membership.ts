import type { Leases, Member } from './lease.port.ts';

export interface MembershipOptions {
  /** How others reach this collector. */
  readonly address: string;
  readonly heartbeatMs: number;
  /** Others believe that this collector lives for so long after a heartbeat. */
  readonly leaseMs: number;
  /** The members last read are believed for so long while PostgreSQL is away. */
  readonly keepMs: number;
}

export interface MembershipEvents {
  /** Who shares the traces from now on, ourselves included. */
  changed(self: Member, members: readonly Member[]): void;
  /** PostgreSQL did not answer. */
  failed(error: Error, retryInMs: number): void;
  /** PostgreSQL has been away too long, or the address was taken: every trace is decided here. */
  alone(reason: string): void;
}

export type MembershipState =
  | { readonly kind: 'joining' }
  | { readonly kind: 'member'; readonly self: Member }
  /** PostgreSQL is away; the members it last named are believed. */
  | { readonly kind: 'keeping'; readonly self: Member; readonly sinceMs: number }
  /** It has been away for so long that they are not. */
  | { readonly kind: 'alone'; readonly self: Member }
  /** Another process has taken our address: two collectors advertise the same one. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'left' };

const MIN_RETRY_MS = 250;

/**
 * Says to the others that this collector lives, and learns who else does.
 *
 * One heartbeat renews the lease and reads the members; what failed is tried again, ever more
 * slowly up to the heartbeat's own pace. The newest process to take an address has it: a collector
 * that was restarted need not wait for its old lease to end, and one that slept meanwhile finds
 * itself fenced and stays out.
 */
export class Membership {
  state: MembershipState = { kind: 'joining' };
  members: readonly Member[] = [];
  private beating: Promise<void> | undefined;
  private nextMs = 0;
  private failures = 0;
  private readonly leases: Leases;
  private readonly options: MembershipOptions;
  private readonly events: MembershipEvents;
  private readonly now: () => number;

  /** @param now a clock that never goes back, ms */
  constructor(
    leases: Leases,
    options: MembershipOptions,
    events: MembershipEvents,
    now: () => number,
  ) {
    this.leases = leases;
    this.options = options;
    this.events = events;
    this.now = now;
  }

  /** What stands in the lease, once there is one. */
  get self(): Member | undefined {
    return 'self' in this.state ? this.state.self : undefined;
  }

  /** Begins a heartbeat when it is time; never waits, never throws. */
  tick(): void {
    const { kind } = this.state;
    if (this.beating !== undefined || kind === 'fenced' || kind === 'left') return;
    if (this.now() < this.nextMs) return;
    this.beating = this.beat().finally(() => {
      this.beating = undefined;
    });
  }

  /** Why traces may be split without a member having come or gone; undefined when all is well. */
  trouble(): string | undefined {
    switch (this.state.kind) {
      case 'joining':
        return 'has not joined the other collectors yet: PostgreSQL has not answered';
      case 'keeping': {
        const awayS = Math.round((this.now() - this.state.sinceMs) / 1000);
        return `PostgreSQL is away; the members it named ${awayS} s ago are believed`;
      }
      case 'alone':
        return 'PostgreSQL has been away too long: this collector decides all its traces alone';
      case 'fenced':
        return (
          `another process has taken ${this.options.address}: give each collector ` +
          'a FLYBALL_COLLECTOR_ADVERTISE of its own and restart this one'
        );
      case 'member':
      case 'left':
        return undefined;
    }
  }

  /** Gives the lease back, so that the others need not wait for it to end. */
  async leave(): Promise<void> {
    const { self } = this;
    this.state = { kind: 'left' };
    await this.beating;
    if (self !== undefined) await this.leases.leave(self);
  }

  private async beat(): Promise<void> {
    try {
      const self = await this.renewed();
      const members = self === undefined ? [] : await this.leases.list();
      if (this.state.kind === 'left') return;
      this.failures = 0;
      this.nextMs = this.now() + this.options.heartbeatMs;
      if (self === undefined) this.fence();
      else this.believe(self, members);
    } catch (error) {
      if (this.state.kind !== 'left') this.failed(error as Error);
    }
  }

  private async renewed(): Promise<Member | undefined> {
    const { address, leaseMs } = this.options;
    const known = this.self;
    const answer = known === undefined ? 'missing' : await this.leases.renew(known, leaseMs);
    if (answer === 'renewed') return known;
    if (answer === 'lost') return undefined;
    return { address, generation: await this.leases.join(address, leaseMs) };
  }

  private believe(self: Member, members: readonly Member[]): void {
    const others = members.filter((member) => member.address !== self.address);
    const all = [...others, self];
    const before = keyOf(this.members);
    const alone = this.state.kind === 'alone';
    this.state = { kind: 'member', self };
    this.members = all;
    if (alone || keyOf(all) !== before) this.events.changed(self, all);
  }

  private fence(): void {
    this.state = { kind: 'fenced' };
    this.events.alone(this.trouble() as string);
  }

  private failed(error: Error): void {
    const { heartbeatMs, keepMs } = this.options;
    this.failures += 1;
    const retryMs = Math.min(heartbeatMs, MIN_RETRY_MS * 2 ** Math.min(10, this.failures - 1));
    this.nextMs = this.now() + retryMs;
    this.events.failed(error, retryMs);
    const { state } = this;
    if (state.kind === 'member') {
      this.state = { kind: 'keeping', self: state.self, sinceMs: this.now() };
    } else if (state.kind === 'keeping' && this.now() - state.sinceMs >= keepMs) {
      this.state = { kind: 'alone', self: state.self };
      this.events.alone(this.trouble() as string);
    }
  }
}

function keyOf(members: readonly Member[]): string {
  return members
    .map(({ address, generation }) => `${address} ${generation}`)
    .sort()
    .join('\n');
}

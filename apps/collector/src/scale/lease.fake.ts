import type { Leases, Member } from './lease.port.ts';

/** The lease table in memory, on a test's clock; several collectors may share one. */
export class FakeLeases implements Leases {
  nowMs = 0;
  /** The store's answer to everything while set. */
  fault: Error | undefined;
  /** No answer comes before it has resolved. */
  held: Promise<void> | undefined;
  calls = 0;
  private readonly rows = new Map<string, { generation: number; untilMs: number }>();

  async join(address: string, leaseMs: number): Promise<number> {
    await this.answer();
    const generation = (this.rows.get(address)?.generation ?? 0) + 1;
    this.rows.set(address, { generation, untilMs: this.nowMs + leaseMs });
    return generation;
  }

  async renew({ address, generation }: Member, leaseMs: number) {
    await this.answer();
    const row = this.rows.get(address);
    if (row === undefined) return 'missing';
    if (row.generation !== generation) return 'lost';
    row.untilMs = this.nowMs + leaseMs;
    return 'renewed';
  }

  async list(): Promise<Member[]> {
    await this.answer();
    return [...this.rows]
      .filter(([, { untilMs }]) => untilMs > this.nowMs)
      .map(([address, { generation }]) => ({ address, generation }));
  }

  async leave({ address, generation }: Member): Promise<void> {
    await this.answer();
    const row = this.rows.get(address);
    if (row?.generation === generation) row.untilMs = this.nowMs;
  }

  async close(): Promise<void> {}

  /** Somebody forgot it, e.g. by restoring an old copy of the database. */
  forget(address: string): void {
    this.rows.delete(address);
  }

  private async answer(): Promise<void> {
    this.calls += 1;
    await this.held;
    if (this.fault !== undefined) throw this.fault;
  }
}

/** A collector that shares the traces, as the lease table knows it. */
export interface Member {
  /** Where the others reach its HTTP port; also its name. */
  readonly address: string;
  /** Grows with each process that takes the address; what is meant for an older one is refused. */
  readonly generation: number;
}

/** Who shares the traces, as one collector sees it. */
export interface View {
  readonly self: Member;
  readonly others: readonly Member[];
  /** False when nobody knows any more whether they live: nothing is sent to them. */
  readonly reachable: boolean;
}

/** Where collectors say that they live. Every method rejects when the store is away. */
export interface Leases {
  /** Takes the address for this process, from whoever had it. @returns its generation */
  join(address: string, leaseMs: number): Promise<number>;
  /** `lost`: a newer process has the address; `missing`: it is not known any more. */
  renew(member: Member, leaseMs: number): Promise<'renewed' | 'lost' | 'missing'>;
  /** Whose lease has not ended. */
  list(): Promise<readonly Member[]>;
  leave(member: Member): Promise<void>;
  close(): Promise<void>;
}

/** A bound on the bytes that all requests in progress hold together. */
export class ByteBudget {
  inUse = 0;
  readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** False, and nothing reserved, when there is no room. */
  reserve(bytes: number): boolean {
    if (this.inUse + bytes > this.limit) return false;
    this.inUse += bytes;
    return true;
  }

  release(bytes: number): void {
    this.inUse -= bytes;
  }
}

/** The part of a budget that one request holds; `end` gives it back, once. */
export class Reservation {
  bytes = 0;
  private readonly budget: ByteBudget;

  constructor(budget: ByteBudget) {
    this.budget = budget;
  }

  grow(bytes: number): boolean {
    if (!this.budget.reserve(bytes)) return false;
    this.bytes += bytes;
    return true;
  }

  shrink(bytes: number): void {
    this.bytes -= bytes;
    this.budget.release(bytes);
  }

  end(): void {
    this.shrink(this.bytes);
  }
}

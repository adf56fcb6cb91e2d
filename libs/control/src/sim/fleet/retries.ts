/** Attempts that will come later, soonest first: a binary heap over parallel arrays. */
export class Retries {
  private readonly atMs: number[] = [];
  private readonly firstMs: number[] = [];
  private readonly left: number[] = [];

  /** When the next one comes; infinity: none does. */
  get nextMs(): number {
    return this.atMs[0] ?? Number.POSITIVE_INFINITY;
  }

  push(atMs: number, firstMs: number, left: number): void {
    let at = this.atMs.length;
    this.atMs.push(atMs);
    this.firstMs.push(firstMs);
    this.left.push(left);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.atMs[parent] as number) <= atMs) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): { readonly atMs: number; readonly firstMs: number; readonly left: number } {
    const last = this.atMs.length - 1;
    this.swap(0, last);
    const popped = {
      atMs: this.atMs.pop() as number,
      firstMs: this.firstMs.pop() as number,
      left: this.left.pop() as number,
    };
    this.sink();
    return popped;
  }

  private sink(): void {
    const size = this.atMs.length;
    for (let at = 0; ; ) {
      const child = 2 * at + 1;
      if (child >= size) return;
      const other = child + 1;
      const less =
        other < size && (this.atMs[other] as number) < (this.atMs[child] as number) ? other : child;
      if ((this.atMs[at] as number) <= (this.atMs[less] as number)) return;
      this.swap(at, less);
      at = less;
    }
  }

  private swap(a: number, b: number): void {
    for (const column of [this.atMs, this.firstMs, this.left]) {
      const held = column[a] as number;
      column[a] = column[b] as number;
      column[b] = held;
    }
  }
}

/** What is to happen next: a binary heap of times, each with a number. Ties: the lower number. */
export class Agenda {
  private readonly times: number[] = [];
  private readonly whats: number[] = [];

  add(atMs: number, what: number): void {
    let place = this.times.length;
    this.times.push(atMs);
    this.whats.push(what);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.isBefore(place, parent)) return;
      this.swap(place, parent);
      place = parent;
    }
  }

  /** Takes the next one; undefined: nothing is left. */
  next(): { readonly atMs: number; readonly what: number } | undefined {
    const [atMs] = this.times;
    const [what] = this.whats;
    if (atMs === undefined || what === undefined) return undefined;
    this.swap(0, this.times.length - 1);
    this.times.pop();
    this.whats.pop();
    this.sink();
    return { atMs, what };
  }

  private sink(): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.times.length) return;
      const right = left + 1;
      const hasRight = right < this.times.length;
      const child = hasRight && this.isBefore(right, left) ? right : left;
      if (!this.isBefore(child, place)) return;
      this.swap(child, place);
      place = child;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const difference = (this.times[a] as number) - (this.times[b] as number);
    return (
      difference < 0 || (difference === 0 && (this.whats[a] as number) < (this.whats[b] as number))
    );
  }

  private swap(a: number, b: number): void {
    const { times, whats } = this;
    [times[a], times[b]] = [times[b] as number, times[a] as number];
    [whats[a], whats[b]] = [whats[b] as number, whats[a] as number];
  }
}

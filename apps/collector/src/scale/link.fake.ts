import type { Link, LinkAnswer } from './link.port.ts';

/** A member whose answers a test decides; what it took is in `taken`. */
export class FakeLink implements Link {
  readonly taken: Uint8Array[] = [];
  attempts = 0;
  readonly numbers: number[] = [];
  closed = false;
  /** The next answers; when there are none left, everything is taken. */
  readonly next: (LinkAnswer | Error)[] = [];
  /** When set, no answer comes before it has resolved. */
  held: Promise<void> | undefined;

  async send(batch: Uint8Array, number: number): Promise<LinkAnswer> {
    this.attempts += 1;
    this.numbers.push(number);
    await this.held;
    const answer = this.next.shift() ?? { kind: 'taken' };
    if (answer instanceof Error) throw answer;
    if (answer.kind === 'taken') this.taken.push(batch);
    return answer;
  }

  close(): void {
    this.closed = true;
  }
}

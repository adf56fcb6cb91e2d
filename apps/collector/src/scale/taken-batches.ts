/** Senders that are remembered; one that restarts is another. */
const MAX_SENDERS = 4096;

/**
 * The last batch that was taken from each sender: one that is sent again, because its answer was
 * lost, is recognised. A sender's batches come in order, one at a time.
 */
export class TakenBatches {
  private readonly last = new Map<string, number>();

  /** @param batch `<sender>/<number>`; undefined when it has no name, and so is new */
  has(batch: string | undefined): boolean {
    const { sender, number } = parts(batch);
    return sender !== undefined && number <= (this.last.get(sender) ?? 0);
  }

  add(batch: string | undefined): void {
    const { sender, number } = parts(batch);
    if (sender === undefined) return;
    // The sender heard of last is forgotten last.
    this.last.delete(sender);
    this.last.set(sender, number);
    const [oldest] = this.last.keys();
    if (this.last.size > MAX_SENDERS && oldest !== undefined) this.last.delete(oldest);
  }
}

function parts(batch: string | undefined): { sender: string | undefined; number: number } {
  const match = /^([\w-]{1,64})\/(\d{1,15})$/.exec(batch ?? '');
  return { sender: match?.[1], number: Number(match?.[2] ?? 0) };
}

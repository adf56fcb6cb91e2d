import type { LiveEvent } from '@flyball/contract';
import { Injectable } from '@nestjs/common';

export interface NumberedEvent {
  readonly id: number;
  readonly event: LiveEvent;
}

type Listener = (event: NumberedEvent) => void;

const KEPT = 1_000;

/** What changed, for those who watch. The last events are kept so that a client can resume. */
@Injectable()
export class LiveEvents {
  // Ids go on growing over a restart, so that an old id is never taken for a newer one.
  #nextId = Date.now();
  readonly #kept: NumberedEvent[] = [];
  readonly #listeners = new Set<Listener>();

  publish(event: LiveEvent): void {
    const numbered = { id: this.#nextId++, event };
    this.#kept.push(numbered);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(numbered);
  }

  /** Listeners must not throw and must not wait. Returns how to stop listening. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Events after `lastId`; null when some of them are no longer kept. */
  since(lastId: number): NumberedEvent[] | null {
    const oldest = this.#kept[0]?.id ?? this.#nextId;
    if (lastId < oldest - 1 || lastId >= this.#nextId) return null;
    return this.#kept.filter(({ id }) => id > lastId);
  }
}

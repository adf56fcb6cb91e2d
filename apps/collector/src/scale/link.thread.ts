import type { Outcome } from '../receive/intake.ts';
import type { Link, LinkAnswer } from './link.port.ts';
import { linkAnswerOf } from './peers.ts';
import { type Port, Talk } from './talk.ts';

/** Longer than the forwarder's own time-out, which is the one that counts. */
const TIMEOUT_MS = 60_000;

/**
 * The way to another worker of this collector, and from it to here.
 *
 * @param take what becomes of the spans that it sends
 */
export function threadLink(port: Port, take: (batch: Uint8Array) => Outcome): Link {
  const talk = new Talk<Uint8Array, LinkAnswer>(port, (batch: Uint8Array) =>
    linkAnswerOf(take(batch)),
  );
  return {
    send(batch, signal) {
      // A copy is given away: a batch that the worker has no room for is sent again.
      const copy = batch.slice();
      const late = new Promise<never>((_, reject) => {
        const fail = () => reject(new Error('the worker does not answer'));
        signal.addEventListener('abort', fail, { once: true });
      });
      return Promise.race([talk.ask(copy, TIMEOUT_MS, [copy.buffer]), late]);
    },
    close() {},
  };
}

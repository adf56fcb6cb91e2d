import type { Outcome } from '../receive/intake.ts';
import type { Link, LinkAnswer } from './link.port.ts';
import { linkAnswerOf } from './peers.ts';
import { type Port, Talk } from './talk.ts';

/** Longer than the forwarder's own time-out, which is the one that counts. */
const TIMEOUT_MS = 60_000;

interface Batch {
  readonly batch: Uint8Array;
  readonly number: number;
}

/**
 * The way to another worker of this collector, and from it to here.
 *
 * @param take what becomes of the spans that it sends
 */
export function threadLink(port: Port, take: (batch: Uint8Array) => Outcome): Link {
  let last = 0;
  const answer = ({ batch, number }: Batch): LinkAnswer => {
    if (number <= last) return { kind: 'taken' };
    const answered = linkAnswerOf(take(batch));
    if (answered.kind === 'taken') last = number;
    return answered;
  };
  const talk = new Talk<Batch, LinkAnswer>(port, answer);
  let asked: { readonly number: number; readonly answer: Promise<LinkAnswer> } | undefined;
  const ask = (batch: Uint8Array<ArrayBuffer>, number: number): Promise<LinkAnswer> => {
    // What was posted arrives: while the worker owes an answer it is not posted again.
    if (asked?.number === number) return asked.answer;
    // A copy is given away: a batch that the worker has no room for is sent again.
    const copy = new Uint8Array(batch);
    const answer = talk.ask({ batch: copy, number }, TIMEOUT_MS, [copy.buffer]);
    const mine = { number, answer };
    asked = mine;
    const ended = () => {
      if (asked === mine) asked = undefined;
    };
    answer.then(ended, ended);
    return answer;
  };
  return {
    send(batch, number, signal) {
      const late = new Promise<never>((_, reject) => {
        const fail = () => reject(new Error('the worker does not answer'));
        signal.addEventListener('abort', fail, { once: true });
      });
      return Promise.race([ask(batch, number), late]);
    },
    close() {},
  };
}

import { type SpanTable, TRACE_A, WORDS } from '../otlp/span-table.ts';

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): every member scores every trace, and the
 * highest score owns it.
 *
 * Whoever knows the same members names the same owner, in whatever order they were told. A member
 * that leaves gives away its own traces only, evenly to the others; one that comes takes an even
 * share from each. Nothing is random: the score depends on the member's id and the trace id alone.
 */
export class Rendezvous {
  /** Sorted, each once. `ownerOf` answers with a position in it. */
  readonly members: readonly string[];
  /** Two words a member. */
  readonly #seeds: Int32Array;

  constructor(members: Iterable<string>) {
    this.members = [...new Set(members)].sort();
    this.#seeds = new Int32Array(this.members.length * 2);
    this.members.forEach((member, index) => {
      this.#seeds[2 * index] = textHash(member, 0x811c9dc5);
      this.#seeds[2 * index + 1] = textHash(member, 0x9747b28c);
    });
  }

  /** The owner of a span's trace: a position in `members`, or -1 when there are none. */
  ownerOf({ rows }: SpanTable, span: number): number {
    const seeds = this.#seeds;
    if (seeds.length <= 2) return seeds.length === 0 ? -1 : 0;
    const at = span * WORDS + TRACE_A;
    const left = mixed(rows[at] as number, rows[at + 1] as number);
    const right = mixed(rows[at + 2] as number, rows[at + 3] as number);
    let owner = 0;
    let best = -1;
    for (let member = 0; member < seeds.length; member += 2) {
      const first = mixed(left ^ (seeds[member] as number), right);
      const score = mixed(first, seeds[member + 1] as number) >>> 0;
      if (score > best) {
        best = score;
        owner = member >>> 1;
      }
    }
    return owner;
  }
}

/** Two words into one, every bit of which depends on every bit of both (MurmurHash3's steps). */
function mixed(first: number, second: number): number {
  let hash = Math.imul(first, 0xcc9e2d51);
  hash = (hash << 15) | (hash >>> 17);
  hash = Math.imul(hash, 0x1b873593) ^ second;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function textHash(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = mixed(hash, text.charCodeAt(at) + at);
  return hash;
}

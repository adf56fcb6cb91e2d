/**
 * Which part explains a change of the whole?
 *
 * mixture (instances, edges: every request goes to one of them):
 *
 *     whole        = sum(sum) / sum(count)                      mean latency, error ratio
 *     contribution = w1 (m1 - m0) + (w1 - w0) (m0 - whole0)     m = sum / count, w = traffic share
 *
 *   its own change, and the change of traffic towards it; they add up to the change of the whole.
 *
 * additive (dependencies on the critical path: every request passes them):
 *
 *     contribution = sum1 / requests1 - sum0 / requests0
 *
 * One part is to blame when it alone has at least 60 % of the contributions in the direction of
 * the change; few when three have 80 %; otherwise the change is everywhere.
 *
 * A part with an impossible figure (NaN, negative) on either side is left out on both: it cannot
 * be compared, and an error is not a zero. Figures that name a part twice are added.
 */
import { writeNumber } from '../explain.ts';
import { isMeasure } from '../numbers.ts';

/** One part of a whole: an instance of a service, an edge, a dependency. */
export interface PartFigures {
  readonly kind: 'instance' | 'edge' | 'dependency' | 'operation';
  readonly id: string;
  /** Requests in the window. */
  readonly count: number;
  /** Sum over the window of what is explained: errors, or milliseconds. */
  readonly sum: number;
}

export interface BlameInput {
  readonly before: readonly PartFigures[];
  readonly now: readonly PartFigures[];
  /** How the parts make up the whole, see above. */
  readonly as: 'mixture' | 'additive';
  /** Additive only: requests of the whole, before and now. */
  readonly requests?: { readonly before: number; readonly now: number };
  /** Requests needed on either side. Default 20. */
  readonly minCount?: number;
  /** Changes smaller than this share of the whole before are none. Default 0.05. */
  readonly minChange?: number;
}

export interface BlamedPart {
  readonly kind: PartFigures['kind'];
  readonly id: string;
  /** Contribution to the change of the whole, in its unit; contributions add up to `change`. */
  readonly contribution: number;
  /** Of all contributions in the direction of the change, 0 to 1. */
  readonly share: number;
}

export interface Blame {
  readonly verdict: 'one' | 'few' | 'everything' | 'no-change' | 'too-little-data';
  readonly change: number;
  readonly before: number | null;
  readonly now: number | null;
  /** Largest share first. */
  readonly parts: readonly BlamedPart[];
  /** Parts that could not be compared. */
  readonly leftOut: readonly { readonly kind: PartFigures['kind']; readonly id: string }[];
  readonly text: string;
}

const ONE_SHARE = 0.6;
const FEW_SHARE = 0.8;
const FEW_PARTS = 3;
const NOTHING = { count: 0, sum: 0 };
const CONCENTRATION: readonly Blame['verdict'][] = ['one', 'few', 'everything'];

export function blame(given: BlameInput): Blame {
  const { input, leftOut } = comparable(given);
  const requests = requestsOf(input);
  const minCount = Math.max(1, input.minCount ?? 20);
  if (!(requests.before >= minCount && requests.now >= minCount)) {
    const text = 'There are too few requests to compare.';
    const nothing = { change: 0, before: null, now: null, parts: [], leftOut };
    return { verdict: 'too-little-data', ...nothing, text };
  }
  const before = total(input.before).sum / requests.before;
  const now = total(input.now).sum / requests.now;
  const change = now - before;
  const whole = { change, before, now, leftOut };
  if (Math.abs(change) <= (input.minChange ?? 0.05) * before) {
    return { verdict: 'no-change', ...whole, parts: [], text: 'Nothing has changed.' };
  }
  const parts = ranked(contributions(input, requests, before), change);
  return { ...judged(parts), ...whole, parts };
}

/**
 * The same change, taken apart along several axes (by instance, by edge, by dependency): the axis
 * on which the fewest parts explain the most. A slow dependency makes all instances slow, so the
 * axis of instances shows "everything" and that of dependencies "one". Null: no axis shows a
 * change. Of equals the first.
 */
export function blameAcross(axes: readonly BlameInput[]): Blame | null {
  const changed = axes
    .map(blame)
    .filter(({ verdict }) => verdict !== 'no-change' && verdict !== 'too-little-data');
  const [best = null] = changed.toSorted(
    (a, b) =>
      CONCENTRATION.indexOf(a.verdict) - CONCENTRATION.indexOf(b.verdict) ||
      (b.parts[0]?.share ?? 0) - (a.parts[0]?.share ?? 0),
  );
  return best;
}

function comparable(input: BlameInput): {
  readonly input: BlameInput;
  readonly leftOut: Blame['leftOut'];
} {
  const broken = [...input.before, ...input.now].filter(
    ({ count, sum }) => !isMeasure(count) || !isMeasure(sum),
  );
  const leftOut = [...new Map(broken.map((part) => [keyOf(part), part])).values()];
  const left = new Set(leftOut.map(keyOf));
  const sound = (parts: readonly PartFigures[]) => merged(parts.filter((p) => !left.has(keyOf(p))));
  return {
    input: { ...input, before: sound(input.before), now: sound(input.now) },
    leftOut: leftOut.map(({ kind, id }) => ({ kind, id })),
  };
}

function merged(parts: readonly PartFigures[]): readonly PartFigures[] {
  const byKey = new Map<string, PartFigures>();
  for (const part of parts) {
    const known = byKey.get(keyOf(part)) ?? NOTHING;
    const sums = { count: known.count + part.count, sum: known.sum + part.sum };
    byKey.set(keyOf(part), { ...part, ...sums });
  }
  return [...byKey.values()];
}

function keyOf({ kind, id }: Pick<PartFigures, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}

interface Contribution {
  readonly kind: PartFigures['kind'];
  readonly id: string;
  readonly contribution: number;
}

function contributions(
  input: BlameInput,
  requests: { readonly before: number; readonly now: number },
  wholeBefore: number,
): readonly Contribution[] {
  const keys = new Map(
    [...input.before, ...input.now].map(({ kind, id }) => [keyOf({ kind, id }), { kind, id }]),
  );
  return [...keys.values()].map(({ kind, id }) => {
    const find = (parts: readonly PartFigures[]) =>
      parts.find((part) => part.kind === kind && part.id === id) ?? NOTHING;
    const past = find(input.before);
    const present = find(input.now);
    if (input.as === 'additive') {
      const contribution = present.sum / requests.now - past.sum / requests.before;
      return { kind, id, contribution };
    }
    const weightBefore = past.count / requests.before;
    const weightNow = present.count / requests.now;
    // A part that had no traffic, or has none now, has no level of its own on that side.
    const meanNow = present.count > 0 ? present.sum / present.count : 0;
    const meanBefore = past.count > 0 ? past.sum / past.count : wholeBefore;
    const own = weightNow * (meanNow - meanBefore);
    const shift = (weightNow - weightBefore) * (meanBefore - wholeBefore);
    return { kind, id, contribution: own + shift };
  });
}

function ranked(parts: readonly Contribution[], change: number): readonly BlamedPart[] {
  const direction = Math.sign(change);
  const towards = parts.reduce((sum, part) => sum + Math.max(0, direction * part.contribution), 0);
  return parts
    .map((part) => ({
      ...part,
      share: towards > 0 ? Math.max(0, direction * part.contribution) / towards : 0,
    }))
    .toSorted((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1));
}

function judged(parts: readonly BlamedPart[]): Pick<Blame, 'verdict' | 'text'> {
  const [first] = parts;
  const few = parts.slice(0, FEW_PARTS);
  const fewShare = few.reduce((sum, part) => sum + part.share, 0);
  const name = (part: BlamedPart) => `${part.kind} ${part.id} (${writeNumber(part.share * 100)} %)`;
  if (first !== undefined && first.share >= ONE_SHARE) {
    return { verdict: 'one', text: `The change comes from ${name(first)}.` };
  }
  if (parts.length > FEW_PARTS && fewShare >= FEW_SHARE) {
    return { verdict: 'few', text: `The change comes from ${few.map(name).join(', ')}.` };
  }
  return { verdict: 'everything', text: 'The change is spread over all parts.' };
}

function requestsOf(input: BlameInput): { readonly before: number; readonly now: number } {
  return input.as === 'additive' && input.requests !== undefined
    ? input.requests
    : { before: total(input.before).count, now: total(input.now).count };
}

function total(parts: readonly PartFigures[]): { readonly count: number; readonly sum: number } {
  return parts.reduce(
    (sums, part) => ({ count: sums.count + part.count, sum: sums.sum + part.sum }),
    NOTHING,
  );
}

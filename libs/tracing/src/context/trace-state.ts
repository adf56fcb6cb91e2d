/**
 * The `ot` member of W3C tracestate, where OpenTelemetry writes how a span was sampled:
 * `ot=th:T;rv:R` (opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling).
 * T is the rejection threshold and R the randomness, both of 56 bits; a span was kept iff R >= T,
 * so it stands for 2^56 / (2^56 - T) spans.
 */

/** One past the greatest threshold and randomness, which have 56 bits. */
export const THRESHOLD_LIMIT = 1n << 56n;

const DIGITS = 14;
const THRESHOLD = /^[0-9a-f]{1,14}$/;
const RANDOMNESS = /^[0-9a-f]{14}$/;
const MAX_MEMBERS = 32;

export interface SamplingState {
  threshold: bigint | undefined;
  randomness: bigint | undefined;
}

/** Reads `th` and `rv`; one that is malformed counts as absent. */
export function readSampling(traceState: string): SamplingState {
  const state: SamplingState = { threshold: undefined, randomness: undefined };
  for (const pair of otPairs(traceState)) {
    const value = pair.slice(3);
    if (pair.startsWith('th:') && THRESHOLD.test(value)) {
      state.threshold = BigInt(`0x${value.padEnd(DIGITS, '0')}`);
    } else if (pair.startsWith('rv:') && RANDOMNESS.test(value)) {
      state.randomness = BigInt(`0x${value}`);
    }
  }
  return state;
}

/**
 * Sets `th` in the `ot` member and moves the member to the front, as the standard asks of what was
 * changed. A malformed `th` or `rv` is dropped; everything else stays as it came.
 */
export function writeThreshold(traceState: string, threshold: bigint): string {
  const kept = otPairs(traceState).filter((pair) => {
    if (pair.startsWith('th:')) return false;
    return !pair.startsWith('rv:') || RANDOMNESS.test(pair.slice(3));
  });
  const ot = `ot=${[`th:${formatThreshold(threshold)}`, ...kept].join(';')}`;
  const others = members(traceState).filter((member) => !member.startsWith('ot='));
  return [ot, ...others.slice(0, MAX_MEMBERS - 1)].join(',');
}

/** Without `th`: whoever reads it knows that the probability is not known. */
export function eraseThreshold(traceState: string): string {
  const pairs = otPairs(traceState);
  if (!pairs.some((pair) => pair.startsWith('th:'))) return traceState;
  const kept = pairs.filter((pair) => !pair.startsWith('th:'));
  const ot = kept.length === 0 ? [] : [`ot=${kept.join(';')}`];
  const others = members(traceState).filter((member) => !member.startsWith('ot='));
  return [...ot, ...others].join(',');
}

/** Hex without trailing zeros; '0' for a threshold of zero. */
export function formatThreshold(threshold: bigint): string {
  const digits = threshold.toString(16).padStart(DIGITS, '0').replace(/0+$/, '');
  return digits === '' ? '0' : digits;
}

/** Greatest threshold is 2^56 - 1: something that is kept has a probability above zero. */
export function thresholdOf(probability: number): bigint {
  if (probability >= 1) return 0n;
  const passing = BigInt(Math.round(Math.max(0, probability) * Number(THRESHOLD_LIMIT)));
  return passing === 0n ? THRESHOLD_LIMIT - 1n : THRESHOLD_LIMIT - passing;
}

export function probabilityOf(threshold: bigint): number {
  return Number(THRESHOLD_LIMIT - threshold) / Number(THRESHOLD_LIMIT);
}

function members(traceState: string): string[] {
  return traceState
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

function otPairs(traceState: string): string[] {
  const member = members(traceState).find((candidate) => candidate.startsWith('ot='));
  if (member === undefined) return [];
  return member
    .slice(3)
    .split(';')
    .filter((pair) => pair.includes(':'));
}

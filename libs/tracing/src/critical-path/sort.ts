const RUN = 12;

/** Orders the first `count` indexes in place by `compare`; linear when they already are. */
export function sortIndexes(
  indexes: Int32Array,
  count: number,
  scratch: Int32Array,
  compare: (a: number, b: number) => number,
): void {
  if (count < 2) return;
  for (let from = 0; from < count; from += RUN) {
    insertionSort(indexes, from, Math.min(from + RUN, count), compare);
  }
  for (let width = RUN; width < count; width *= 2) {
    for (let from = 0; from + width < count; from += 2 * width) {
      merge(indexes, from, from + width, Math.min(from + 2 * width, count), scratch, compare);
    }
  }
}

function insertionSort(
  indexes: Int32Array,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  for (let i = from + 1; i < to; i++) {
    const moving = indexes[i]!;
    let at = i;
    while (at > from && compare(indexes[at - 1]!, moving) > 0) {
      indexes[at] = indexes[at - 1]!;
      at--;
    }
    indexes[at] = moving;
  }
}

function merge(
  indexes: Int32Array,
  from: number,
  middle: number,
  to: number,
  scratch: Int32Array,
  compare: (a: number, b: number) => number,
): void {
  if (compare(indexes[middle - 1]!, indexes[middle]!) <= 0) return;
  const leftCount = middle - from;
  for (let i = 0; i < leftCount; i++) scratch[i] = indexes[from + i]!;
  let left = 0;
  let right = middle;
  let out = from;
  while (left < leftCount && right < to) {
    const takeRight = compare(scratch[left]!, indexes[right]!) > 0;
    indexes[out++] = takeRight ? indexes[right++]! : scratch[left++]!;
  }
  while (left < leftCount) indexes[out++] = scratch[left++]!;
}

/** Steps from one word to the other: letters put in, left out, replaced, or two swapped. */
function distance(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let at = 1; at <= left.length; at += 1) {
    const row = [at];
    for (let to = 1; to <= right.length; to += 1) {
      const same = left[at - 1] === right[to - 1] ? 0 : 1;
      const swapped =
        at > 1 && to > 1 && left[at - 1] === right[to - 2] && left[at - 2] === right[to - 1];
      row.push(
        Math.min(
          (rows[at - 1]?.[to] ?? 0) + 1,
          (row[to - 1] ?? 0) + 1,
          (rows[at - 1]?.[to - 1] ?? 0) + same,
          swapped ? (rows[at - 2]?.[to - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(row);
  }
  return rows[left.length]?.[right.length] ?? 0;
}

/** The known word that was probably meant, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, steps: distance(wanted, candidate.toLowerCase()) }))
    .sort((left, right) => left.steps - right.steps);
  const [best] = ranked;
  const allowed = Math.max(1, Math.floor(word.length / 3));
  return best !== undefined && best.steps <= allowed ? best.candidate : undefined;
}

const MAX_LISTED = 12;

/** `: did you mean delay?`, or what there is instead. */
export function hint(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  if (meant !== undefined) return `: did you mean ${meant}?`;
  if (known.length === 0) return '';
  const more = known.length > MAX_LISTED ? ', …' : '';
  return `; there are ${known.slice(0, MAX_LISTED).join(', ')}${more}`;
}

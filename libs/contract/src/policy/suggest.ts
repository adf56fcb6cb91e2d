import type { z } from 'zod';

type Path = readonly PropertyKey[];

interface Definition {
  readonly type: string;
  readonly shape?: Record<string, z.core.$ZodType>;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
}

/** Field names a schema knows at a path: what an unknown one could have meant. */
export function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  const definition = schema._zod.def as unknown as Definition;
  if (definition.shape !== undefined) {
    const [head, ...rest] = path;
    if (head === undefined) return Object.keys(definition.shape);
    const child = definition.shape[String(head)];
    return child === undefined ? [] : keysAt(child, rest);
  }
  if (definition.element !== undefined) return keysAt(definition.element, path.slice(1));
  if (definition.options !== undefined) {
    return definition.options.flatMap((option) => keysAt(option, path));
  }
  const inner = definition.innerType ?? definition.in;
  return inner === undefined ? [] : keysAt(inner, path);
}

/** The known word nearest to a given one; null when none is near enough to be meant. */
export function nearest(given: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(given.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

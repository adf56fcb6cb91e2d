import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined, null nor false.
 * Errors count as "not yet"; the last one is told when time runs out.
 *
 * @throws when `limitMs` has passed, naming what was waited for.
 */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  everyMs = 200,
): Promise<T> {
  const started = performance.now();
  let last = '';
  while (performance.now() - started < limitMs) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      last = '';
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(everyMs);
  }
  throw new Error(`${what}: not within ${limitMs} ms${last === '' ? '' : ` (${last})`}`);
}

import type { LiveEvent } from '@flyball/contract';

/** Which query families an event makes stale; null means all of them. */
export function staleFamilies(event: LiveEvent): readonly (readonly string[])[] | null {
  switch (event.topic) {
    case 'tick':
      return [['loops'], ['loop', event.loopId], ['samples', event.loopId]];
    case 'mode':
      return [['overview'], ['matrix'], ['modes']];
    case 'proposal':
      return [['proposals'], ['overview'], ['loops'], ['audit']];
    case 'action':
      return [['actions'], ['proposals'], ['overview'], ['modes'], ['audit']];
    case 'automation':
      return [['overview'], ['loops'], ['audit']];
    case 'cycle':
      return [['overview'], ['matrix']];
    case 'resync':
      return null;
    default:
      return assertNever(event);
  }
}

function assertNever(event: never): never {
  throw new Error(`an event of no known topic: ${JSON.stringify(event)}`);
}

/** Milliseconds before the nth attempt to connect again, with up to 30 % of jitter taken off. */
export function reconnectDelayMs(attempt: number, random: number): number {
  const full = Math.min(30_000, 1000 * 2 ** Math.min(attempt, 10));
  return full * (1 - 0.3 * random);
}

import type { Knob, Proposal } from '@flyball/contract';
import type { EdgeView, Snapshot } from '../observe/snapshot.ts';

/** Who feels the change. */
export function blastRadius(
  service: string,
  change: { readonly before: Knob; readonly after: Knob },
  snapshot: Snapshot,
): Proposal['blastRadius'] {
  const dependants = callersOf(service, snapshot.edges);
  const trafficShare = shareOf(service, snapshot);
  const large = isLarge(change);
  const share =
    trafficShare === null ? '' : `, ${Math.round(trafficShare * 100)} % of all requests`;
  const upstream =
    dependants.length === 0 ? 'nobody calls it' : `called by ${dependants.join(', ')}`;
  return { text: `${service}${share}; ${upstream}`, trafficShare, dependants, large };
}

/** Direct and indirect callers, nearest first. */
function callersOf(service: string, edges: readonly EdgeView[]): string[] {
  const found = new Set<string>();
  let frontier = [service];
  while (frontier.length > 0) {
    const callers = edges
      .filter(({ caller, callee }) => frontier.includes(callee) && caller !== service)
      .map(({ caller }) => caller)
      .filter((caller) => !found.has(caller));
    frontier = [...new Set(callers)];
    for (const caller of frontier) found.add(caller);
  }
  return [...found];
}

/** Requests of the service over those that enter the system (at services nobody calls). */
function shareOf(service: string, { services, edges }: Snapshot): number | null {
  const own = services.get(service)?.red;
  if (!own) return null;
  const called = new Set(edges.map(({ callee }) => callee));
  let entering = 0;
  for (const view of services.values()) {
    if (!called.has(view.service)) entering += view.red?.requests ?? 0;
  }
  return entering === 0 ? null : Math.min(1, own.requests / entering);
}

/** Doubles or halves the knob, or takes most of an instance's traffic away. */
function isLarge({ before, after }: { before: Knob; after: Knob }): boolean {
  if (typeof before === 'number' && typeof after === 'number') {
    return before === 0 || after >= 2 * before || after <= before / 2;
  }
  if (typeof before === 'number' || typeof after === 'number') return true;
  return Object.entries(after).some(([id, weight]) => weight <= (before[id] ?? weight) / 2);
}

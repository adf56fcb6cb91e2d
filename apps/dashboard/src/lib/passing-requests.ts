import type { ClientRequest } from 'node:http';

/**
 * The requests that are on their way through to the controller. Event streams never end by
 * themselves, so a server that is told to stop has to cut them; the others may finish.
 */
type Passing = {
  add: (request: ClientRequest) => void;
  delete: (request: ClientRequest) => void;
  markEndless: (request: ClientRequest) => void;
  cutEndless: () => void;
  count: () => number;
};

function createPassing(): Passing {
  const all = new Set<ClientRequest>();
  const endless = new Set<ClientRequest>();
  return {
    add: (request) => all.add(request),
    delete: (request) => {
      all.delete(request);
      endless.delete(request);
    },
    markEndless: (request) => endless.add(request),
    cutEndless: () => {
      for (const request of endless) request.destroy();
    },
    count: () => all.size,
  };
}

/** Next bundles routes and start-up code apart; both must mean the same set. */
const shared = globalThis as { flyballPassing?: Passing };
shared.flyballPassing ??= createPassing();
export const passing: Passing = shared.flyballPassing;

import http from 'node:http';
import type { Peer } from '../process/messages.ts';
import type { Balancer } from './balancer.ts';

const EVERY_MS = 1_000;
const TIMEOUT_MS = 800;

/** Asks every instance of every service for its health, each second. Returns the stop. */
export function checkHealth(balancers: readonly Balancer[]): () => void {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const timer = setInterval(() => {
    for (const balancer of balancers) {
      for (const peer of balancer.peers()) {
        passes(peer, agent).then((passed) => balancer.observeCheck(peer.instance, passed));
      }
    }
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}

function passes(peer: Peer, agent: http.Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get(new URL('/health/live', peer.url), { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', () => resolve(false));
    });
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('timed out')));
    request.on('error', () => resolve(false));
  });
}

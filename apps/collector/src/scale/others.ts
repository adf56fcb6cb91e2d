import { type SamplingDecision, samplingDecision } from '@flyball/contract';
import type { Logger } from 'pino';
import type { Boost } from '../pipeline/boosts.ts';
import { RELAYED_HEADER } from '../receive/bearer.ts';
import type { Member } from './lease.port.ts';

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;
const TIMEOUT_MS = 2000;

/** What is asked of one collector and concerns the others too. */
export class Others {
  /** Without the collector itself. */
  members: readonly Member[] = [];
  private readonly token: string;
  private readonly log: Logger;

  constructor(token: string, log: Logger) {
    this.token = token;
    this.log = log;
  }

  /** Passes a boost on; one that cannot be reached is tried again a few times. Returns at once. */
  tell(boost: Boost): void {
    for (const { address } of this.members) void this.post(address, boost, ATTEMPTS, FIRST_WAIT_MS);
  }

  /** What a collector that knows the trace says of it; undefined when none does. */
  async explain(traceId: string): Promise<SamplingDecision | undefined> {
    const answers = this.members.map(async ({ address }) => {
      const response = await this.fetch(address, `/v1/flyball/decisions/${traceId}`);
      return response.ok ? samplingDecision.parse(await response.json()) : undefined;
    });
    const settled = await Promise.allSettled(answers);
    return settled
      .map((one) => (one.status === 'fulfilled' ? one.value : undefined))
      .find((one) => one !== undefined);
  }

  private async post(address: string, boost: Boost, left: number, waitMs: number): Promise<void> {
    try {
      const init = { method: 'POST', body: JSON.stringify(boost) };
      const response = await this.fetch(address, '/v1/flyball/boosts', init);
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${text}`);
    } catch (error) {
      const err = (error as Error).message;
      if (left <= 1) {
        this.log.warn({ member: address, err }, 'a collector did not learn of a boost');
        return;
      }
      setTimeout(() => void this.post(address, boost, left - 1, waitMs * 2), waitMs).unref();
    }
  }

  private fetch(address: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.token}`,
      'content-type': 'application/json',
      [RELAYED_HEADER]: 'yes',
    };
    return fetch(new URL(path, address), {
      ...init,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

import type { SamplingBoost } from '@flyball/contract';
import type { Logger } from '../platform/logger.ts';
import { messageOf } from '../platform/stores.ts';
import type { SamplingBoosts } from './sampling-boosts.port.ts';

const TIMEOUT_MS = 2_000;
/** A boost ends by itself this long after the last word, so that a lost controller ends it too. */
const LIFETIME_MS = 60_000;
const REPEAT_MS = 20_000;

export interface BoostDoor {
  readonly collectorUrl: string;
  readonly token: string | null;
  nowMs(): number;
}

/** Through the collector's `POST /v1/flyball/boosts`. */
export class HttpSamplingBoosts implements SamplingBoosts {
  readonly #said = new Map<string, { ratio: number; atMs: number }>();

  constructor(
    private readonly door: BoostDoor,
    private readonly logger: Logger,
  ) {}

  async want(
    service: string,
    ratio: number | null,
    why: string,
    lookBackMs?: number,
  ): Promise<void> {
    const said = this.#said.get(service);
    const nowMs = this.door.nowMs();
    if (ratio === null || ratio <= 0) {
      if (said === undefined) return;
      this.#said.delete(service);
      await this.#post({ service, ratio: said.ratio, untilMs: nowMs, by: why });
      return;
    }
    if (said?.ratio === ratio && nowMs - said.atMs < REPEAT_MS) return;
    const begins = said === undefined && lookBackMs !== undefined;
    const since = begins ? { sinceMs: nowMs - lookBackMs } : {};
    const boost = { service, ratio, untilMs: nowMs + LIFETIME_MS, by: why, ...since };
    if (await this.#post(boost)) {
      this.#said.set(service, { ratio, atMs: nowMs });
    }
  }

  async #post(boost: SamplingBoost): Promise<boolean> {
    const { collectorUrl, token } = this.door;
    if (token === null) return false;
    try {
      const response = await fetch(`${collectorUrl}/v1/flyball/boosts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(boost),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (response.ok) return true;
      this.logger.warn({ ...boost, status: response.status }, 'the collector took no boost');
    } catch (error) {
      this.logger.warn({ ...boost, reason: messageOf(error) }, 'the collector took no boost');
    }
    return false;
  }
}

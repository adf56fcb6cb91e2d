import type { SamplingBoost } from '@flyball/contract';
import type { Logger } from '../platform/logger.ts';
import { messageOf } from '../platform/stores.ts';
import type { BoostWish, SamplingBoosts } from './sampling-boosts.port.ts';

const TIMEOUT_MS = 2_000;
/** A boost ends by itself this long after the last word, so that a lost controller ends it too. */
const LIFETIME_MS = 60_000;
const REPEAT_MS = 20_000;
/** After a refusal; doubles with each further one. */
const WAIT_MS = 2_000;
const MAX_WAIT_MS = 60_000;

export interface BoostDoor {
  readonly collectorUrl: string;
  readonly token: string | null;
  nowMs(): number;
}

/** What was agreed with the collector about a service. */
interface Talk {
  /** The boost it has, as far as is known. */
  said: { readonly ratio: number; readonly maxSpans?: number; readonly atMs: number } | null;
  /** Refusals since it last took one, and until when it is left alone. */
  refusals: number;
  notBeforeMs: number;
  posting: boolean;
}

/** Through the collector's `POST /v1/flyball/boosts`. */
export class HttpSamplingBoosts implements SamplingBoosts {
  readonly #talks = new Map<string, Talk>();

  constructor(
    private readonly door: BoostDoor,
    private readonly logger: Logger,
  ) {}

  async want(service: string, wish: BoostWish | null): Promise<void> {
    if (wish === null || wish.ratio <= 0) return this.#end(service);
    const talk = this.#talks.get(service) ?? newTalk();
    this.#talks.set(service, talk);
    const nowMs = this.door.nowMs();
    if (talk.posting || nowMs < talk.notBeforeMs) return;
    const { said } = talk;
    const { ratio, why, maxSpans, lookBackMs } = wish;
    const same = said?.ratio === ratio && said.maxSpans === maxSpans;
    if (same && nowMs - said.atMs < REPEAT_MS) return;
    const budget = maxSpans === undefined ? {} : { maxSpans };
    const begins = said === null && lookBackMs !== undefined;
    const since = begins ? { sinceMs: nowMs - lookBackMs } : {};
    const untilMs = nowMs + LIFETIME_MS;
    const taken = await this.#post(talk, { service, ratio, untilMs, by: why, ...budget, ...since });
    if (taken) talk.said = { ratio, atMs: nowMs, ...budget };
  }

  /** Tells the collector once; a boost of which it does not hear ends by itself. */
  async #end(service: string): Promise<void> {
    const talk = this.#talks.get(service);
    if (talk === undefined || talk.posting) return;
    this.#talks.delete(service);
    if (talk.said === null) return;
    const { ratio } = talk.said;
    const untilMs = this.door.nowMs();
    await this.#post(talk, { service, ratio, untilMs, by: 'no longer wanted' });
  }

  async #post(talk: Talk, boost: SamplingBoost): Promise<boolean> {
    const { collectorUrl, token } = this.door;
    if (token === null) return false;
    talk.posting = true;
    try {
      const response = await fetch(`${collectorUrl}/v1/flyball/boosts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(boost),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answers ${response.status}`);
      talk.refusals = 0;
      talk.notBeforeMs = 0;
      return true;
    } catch (error) {
      this.#refused(talk, boost, messageOf(error));
      return false;
    } finally {
      talk.posting = false;
    }
  }

  /** It is asked again, ever more rarely, and the log says so once. */
  #refused(talk: Talk, boost: SamplingBoost, reason: string): void {
    talk.refusals += 1;
    const waitMs = Math.min(MAX_WAIT_MS, WAIT_MS * 2 ** (talk.refusals - 1));
    talk.notBeforeMs = this.door.nowMs() + waitMs;
    if (talk.refusals === 1) {
      this.logger.warn({ ...boost, reason }, 'the collector took no boost; it is asked again');
    }
  }
}

function newTalk(): Talk {
  return { said: null, refusals: 0, notBeforeMs: 0, posting: false };
}

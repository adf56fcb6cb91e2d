import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Outbox } from '../pipeline/outbox.ts';
import type { Overload, OverloadEvents } from '../pipeline/overload.ts';
import type { Registry } from './metrics.ts';

/** Rows of flyball_events and log lines: when overload began, why, and when it was over. */
export function overloadEvents(log: Logger, outbox: Pick<Outbox, 'add'>): OverloadEvents {
  const tell = (nowMs: number, text: string, detail: object) => {
    outbox.add('flyball_events', {
      time: (nowMs / 1000).toFixed(3),
      kind: 'overload',
      service: 'flyball-collector',
      actor: 'flyball-collector',
      subject: hostname(),
      text,
      detail: JSON.stringify(detail),
      trace_id: '',
    });
  };
  return {
    entered: ({ level, cause }, oneIn, nowMs) => {
      const text = `overload: 1 in ${oneIn} traces is kept, because of the ${WORDS[cause]}`;
      log.warn({ level, cause, oneIn }, text);
      tell(nowMs, text, { level, cause, oneIn });
    },
    left: (lastedMs, nowMs) => {
      const text = `overload is over after ${Math.round(lastedMs / 1000)} s: traces wait again`;
      log.info({ lastedMs }, text);
      tell(nowMs, text, { lastedMs });
    },
  };
}

export const WORDS: Readonly<Record<Overload['cause'], string>> = {
  window: 'full window',
  spool: 'full spool',
  lag: 'delay of the event loop',
  demand: 'rate of arriving spans',
};

export function overloadGauges(registry: Registry, overload: Overload): void {
  registry.gauge('flyball_collector_stress_level', 'How near to its bounds, 0 to 1.', () => {
    return overload.level;
  });
  registry.gauge(
    'flyball_collector_overload_one_in',
    'Under overload 1 in this many traces is kept; 1: no overload.',
    () => overload.oneIn ?? 1,
  );
  registry.read(
    'flyball_collector_overloads_total',
    'counter',
    'Times that overload began.',
    () => [[{}, overload.entries]],
  );
}

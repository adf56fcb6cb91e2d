import type { Collector } from './collector.ts';

/** A listening port. */
interface Receiver {
  close(): Promise<void>;
  destroy(): void;
}

/** Bounds on the phases of a stop, ms since its start; the whole ends within 8 s. */
const REQUESTS_END_MS = 1000;
const DECIDED_BY_MS = 4500;
const DELIVERED_BY_MS = 7000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Stop accepting, decide what waits with what is known, send what can be sent.
 *
 * @param handOver gives other members what is theirs, and ends when nobody has anything of ours
 */
export async function shutdown(
  collector: Collector,
  receivers: readonly Receiver[],
  stops: readonly (() => void)[],
  handOver: () => Promise<void> = async () => {},
): Promise<void> {
  const { intake, spool, delivery, schema, sink, log, release } = collector;
  const startedMs = performance.now();
  const passed = () => performance.now() - startedMs;
  intake.stopping = true;
  const closed = Promise.all(receivers.map((receiver) => receiver.close()));
  await Promise.race([closed, sleep(REQUESTS_END_MS)]);
  for (const receiver of receivers) receiver.destroy();
  await handOver();
  for (const stop of stops) stop();
  await collector.selfTracing.shutdown();
  const { decided, written } = finished(collector, () => passed() > DECIDED_BY_MS);
  if (!decided) log.error('traces were still waiting when the time to stop was over');
  if (!written) log.error('the disk refused rows; they are lost');
  while (schema.state !== 'away' && delivery.failures === 0 && passed() < DELIVERED_BY_MS) {
    if (schema.state === 'ready') delivery.tick();
    if (delivery.sending === 0 && spool.backlog(0).blocks === 0) break;
    await sleep(20);
  }
  await Promise.race([collector.ring?.close(collector.now()), sleep(300)]);
  await Promise.race([spool.sync(), sleep(200)]);
  schema.stop();
  await Promise.race([sink.close(), sleep(200)]);
  release();
  log.info({ leftBytes: spool.bytes, tookMs: Math.round(passed()) }, 'stopped');
}

/** A bug that ends the process must not keep what is decided already from the disk. */
function finished(
  { loop, outbox, spool, log, now }: Collector,
  deadline: () => boolean,
): ReturnType<Collector['loop']['finish']> {
  try {
    return loop.finish(deadline);
  } catch (error) {
    log.error({ err: error }, 'deciding what waits met a bug');
    const written = outbox.flush(now());
    spool.sealAll();
    return { decided: false, written };
  }
}

import type { Logger } from 'pino';
import type { Balancer } from './balancer.ts';

const TIMEOUT_MS = 2_000;
/** Targets are a few lines; whatever is larger is not an answer of the controller. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Keeps one service's targets in step with the controller: POST /api/guard/sync, then again
 * after the poll interval, for ever. Whatever happens here, serving goes on. Returns the stop.
 */
export function keepInStep(options: {
  balancer: Balancer;
  guard: string;
  controllerUrl: string;
  token: string;
  log: Logger;
}): () => void {
  const { balancer, log } = options;
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let lastTold = '';
  const tell = () => {
    const { service, state, version, lastError } = balancer.view();
    const told = `${state} ${version} ${lastError}`;
    if (told !== lastTold) log.info({ service, state, version, lastError }, 'guard');
    lastTold = told;
  };
  const round = async () => {
    await syncOnce(options, stopped.signal);
    if (stopped.signal.aborted) return;
    tell();
    timer = setTimeout(round, balancer.nextPollMs());
  };
  void round();
  return () => {
    stopped.abort();
    clearTimeout(timer);
  };
}

async function syncOnce(
  options: { balancer: Balancer; guard: string; controllerUrl: string; token: string },
  stopped: AbortSignal,
): Promise<void> {
  const { balancer } = options;
  const { report, delivered } = balancer.report(options.guard);
  try {
    const response = await fetch(new URL('/api/guard/sync', options.controllerUrl), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${options.token}`,
      },
      body: JSON.stringify(report),
      redirect: 'error',
      signal: AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await boundedText(response);
    if (!response.ok) {
      balancer.hear({ kind: 'failure', reason: `the controller answered ${response.status}` });
      return;
    }
    delivered();
    balancer.hear({ kind: 'answer', body: JSON.parse(text) });
  } catch (error) {
    balancer.hear({ kind: 'failure', reason: reasonOf(error) });
  }
}

async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  if (error.name === 'TimeoutError') return 'the controller did not answer in time';
  const cause = error.cause;
  if (cause instanceof Error && 'code' in cause) return `the controller is away: ${cause.code}`;
  return error.message;
}

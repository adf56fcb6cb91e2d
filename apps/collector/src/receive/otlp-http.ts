import { encodeExportResponse, exportResponseJson, type Signal } from '@flyball/tracing';
import { type Answer, encoded, encodingOf, failure, type Request } from './answer.ts';
import { type BodyResult, readBody } from './body.ts';
import { type ByteBudget, Reservation } from './budget.ts';
import { CODINGS, codingOf } from './decompress.ts';
import type {
  BodyEncoding,
  Busy,
  Intake,
  Outcome,
  ReceiverLimits,
  ReportRequest,
  RequestReport,
} from './intake.ts';

export const SIGNAL_OF_PATH: Readonly<Record<string, Signal>> = {
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
  '/v1/logs': 'logs',
};

export interface OtlpDoor {
  readonly intake: Intake;
  readonly limits: ReceiverLimits;
  readonly budget: ByteBudget;
  readonly report: ReportRequest;
  readonly now: () => number;
}

interface Handled {
  readonly answer: Answer | undefined;
  readonly outcome: RequestReport['outcome'];
  readonly bytes: number;
}

function busyAnswer(encoding: BodyEncoding, busy: Busy): Handled {
  const status = busy.kind === 'stopping' ? 503 : 429;
  const { retryAfterMs } = busy;
  const answer = failure(encoding, status, busy.message, { retryAfterMs });
  return { answer, outcome: 'busy', bytes: 0 };
}

function unread(
  encoding: BodyEncoding,
  result: Exclude<BodyResult, { kind: 'bytes' }>,
  limits: ReceiverLimits,
): Handled {
  const fail = (status: number, message: string, outcome: Handled['outcome']) => ({
    answer: failure(encoding, status, message),
    outcome,
    bytes: 0,
  });
  switch (result.kind) {
    case 'too_large':
      return fail(413, tooLargeFor(encoding, limits), 'too_large');
    case 'no_room':
      return busyAnswer(encoding, NO_ROOM);
    case 'corrupt':
      return fail(400, result.message, 'invalid');
    case 'timeout':
      return fail(408, slow(limits.requestTimeoutMs), 'timeout');
    case 'aborted':
      return { answer: undefined, outcome: 'failed', bytes: 0 };
  }
}

export const NO_ROOM: Busy = {
  kind: 'busy',
  message: 'too many bytes in requests in progress; send again',
  retryAfterMs: 1000,
};

export const tooLarge = (maxBytes: number) =>
  `the body is larger than ${maxBytes} bytes after decompression; ` +
  'send smaller batches, or raise receive.maxBody';

function tooLargeFor(encoding: BodyEncoding, limits: ReceiverLimits): string {
  if (limitOf(encoding, limits) === limits.maxBodyBytes) return tooLarge(limits.maxBodyBytes);
  return (
    `a JSON body may have ${limits.maxJsonBytes} bytes after decompression; ` +
    'send smaller batches or protobuf, or raise receive.maxJsonBody'
  );
}

function limitOf(encoding: BodyEncoding, { maxBodyBytes, maxJsonBytes }: ReceiverLimits): number {
  return encoding === 'json' ? Math.min(maxBodyBytes, maxJsonBytes) : maxBodyBytes;
}

export const slow = (timeoutMs: number) => `the body did not arrive within ${timeoutMs} ms`;

function accepted(encoding: BodyEncoding, signal: Signal, outcome: Outcome, bytes: number) {
  switch (outcome.kind) {
    case 'accepted': {
      const rejected = outcome.rejected.message === '' ? undefined : outcome.rejected;
      const body =
        encoding === 'json' ? exportResponseJson(signal, rejected) : encodeExportResponse(rejected);
      const partial = rejected === undefined ? 'accepted' : 'partial';
      return { answer: encoded(encoding, body), outcome: partial, bytes } as const;
    }
    case 'invalid':
      return {
        answer: failure(encoding, 400, outcome.message),
        outcome: 'invalid',
        bytes,
      } as const;
    case 'too_large':
      return {
        answer: failure(encoding, 413, outcome.message),
        outcome: 'too_large',
        bytes,
      } as const;
    case 'busy':
    case 'stopping':
      return busyAnswer(encoding, outcome);
  }
}

async function handle(door: OtlpDoor, signal: Signal, request: Request): Promise<Handled> {
  const { intake, limits } = door;
  const unsupported = (answer: Answer): Handled => ({ answer, outcome: 'unsupported', bytes: 0 });
  const encoding = encodingOf(request);
  if (encoding === undefined) {
    const known = 'application/x-protobuf or application/json';
    return unsupported(failure('json', 415, `the content type must be ${known}`));
  }
  const coding = codingOf(request.headers['content-encoding']);
  if (coding === undefined) {
    const headers = { 'accept-encoding': CODINGS };
    const message = `the content encoding must be one of ${CODINGS}`;
    return unsupported(failure(encoding, 415, message, { headers }));
  }
  const busy = intake.busy();
  if (busy !== undefined) return busyAnswer(encoding, busy);
  const expectedBytes = Number(request.headers['content-length'] ?? 0);
  const maxBytes = limitOf(encoding, limits);
  if (expectedBytes > maxBytes) return unread(encoding, { kind: 'too_large' }, limits);
  const reservation = new Reservation(door.budget);
  try {
    const bounds = { maxBytes, timeoutMs: limits.requestTimeoutMs, expectedBytes };
    const body = await readBody(request, coding, bounds, reservation);
    if (body.kind !== 'bytes') return unread(encoding, body, limits);
    const outcome = await intake.take(signal, encoding, body.bytes);
    return accepted(encoding, signal, outcome, body.bytes.length);
  } finally {
    reservation.end();
  }
}

/** One OTLP/HTTP request; undefined when the sender has gone. */
export async function receiveOtlp(
  door: OtlpDoor,
  signal: Signal,
  request: Request,
): Promise<Answer | undefined> {
  const startedMs = door.now();
  const { answer, outcome, bytes } = await handle(door, signal, request);
  door.report({ transport: 'http', signal, outcome, bytes, tookMs: door.now() - startedMs });
  return answer;
}

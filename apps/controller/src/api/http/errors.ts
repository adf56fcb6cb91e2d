import type { ApiError } from '@flyball/contract';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from '../../platform/logger.ts';

/** An answer other than success, in the contract's form. */
export class ApiException extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Every error leaves as `{ code, message, details? }`; what was not foreseen says no more. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const { status, body, headers } = this.#answer(error);
    reply.status(status).headers(headers).send(body);
  }

  #answer(error: unknown): {
    status: number;
    body: ApiError;
    headers: Readonly<Record<string, string>>;
  } {
    if (error instanceof ApiException) {
      const { status, code, message, details, headers } = error;
      return {
        status,
        body: details === undefined ? { code, message } : { code, message, details },
        headers,
      };
    }
    const status = statusOf(error);
    if (status !== null && status < 500) {
      const message = error instanceof Error ? error.message : 'the request cannot be served';
      return { status, body: { code: codeOf(status), message }, headers: {} };
    }
    if (isStoreAway(error)) {
      this.logger.warn({ error }, 'a store is away');
      const message = 'a store is away, nothing was changed: try again in a moment';
      return {
        status: 503,
        body: { code: 'store-away', message },
        headers: { 'retry-after': '2' },
      };
    }
    this.logger.error({ error }, 'request failed');
    const message = 'something failed inside Flyball: its log says what';
    return { status: 500, body: { code: 'internal', message }, headers: {} };
  }
}

function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  // Fastify's own refusals: body too large, not JSON, wrong content type.
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

function codeOf(status: number): string {
  switch (status) {
    case 401:
      return 'not-signed-in';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 413:
      return 'too-large';
    default:
      return 'bad-request';
  }
}

const AWAY = /ECONNREFUSED|ECONNRESET|ETIMEDOUT|terminat|timeout exceeded|57P0[123]/i;

function isStoreAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code ?? '');
  return AWAY.test(code) || AWAY.test(error.message);
}

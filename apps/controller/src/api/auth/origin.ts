import type { FastifyRequest } from 'fastify';
import { ApiException } from '../http/errors.ts';

/**
 * Refuses a mutation that a page of another site may have caused.
 *
 * Browsers send `Origin` with every POST, PUT, PATCH and DELETE, so that a missing one is refused
 * as well. The dashboard passes requests on and names the host the browser saw in
 * `X-Forwarded-Host`, a header that no foreign page can set without being asked first (CORS).
 *
 * @throws ApiException 403
 */
export function checkSameOrigin(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') {
    throw new ApiException(403, 'cross-site', `this request comes from another site (${site})`);
  }
  const { origin } = request.headers;
  if (origin === undefined) {
    throw new ApiException(403, 'origin-missing', 'send the header Origin with the own address');
  }
  const host = forwardedHost(request) ?? request.headers.host;
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new ApiException(403, 'cross-site', `${origin} is not ${host ?? 'this host'}`);
  }
}

/** Whether the browser speaks HTTPS, so that the cookie can insist on it. */
export function isSecure(request: FastifyRequest): boolean {
  const forwarded = request.headers['x-forwarded-proto'];
  return forwarded === 'https' || request.protocol === 'https';
}

function forwardedHost(request: FastifyRequest): string | undefined {
  const value = request.headers['x-forwarded-host'];
  return typeof value === 'string' ? value.split(',')[0]?.trim() : undefined;
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Account } from '../config.ts';
import { Failure } from '../failure.ts';

/**
 * The account a request speaks for: Basic authorisation, the X-ClickHouse-User and -Key headers, or
 * the `user` and `password` URL parameters.
 *
 * @throws Failure AUTHENTICATION_FAILED (403)
 */
export function accountOf(
  headers: IncomingHttpHeaders,
  url: URLSearchParams,
  accounts: readonly Account[],
): Account {
  const given = credentials(headers, url);
  const account = accounts.find((candidate) => candidate.user === given.user);
  // A password is compared also when the user is unknown, so that both take the same time.
  const right = sameText(given.password, account?.password ?? accounts[0]?.password ?? '');
  if (!account || !right) {
    throw new Failure(
      516,
      'AUTHENTICATION_FAILED',
      `${given.user}: Authentication failed: password is incorrect, or there is no user with ` +
        'such name.',
    );
  }
  return account;
}

function credentials(headers: IncomingHttpHeaders, url: URLSearchParams) {
  const user = headers['x-clickhouse-user'];
  const key = headers['x-clickhouse-key'];
  if (user !== undefined || key !== undefined) {
    return { user: String(user ?? 'default'), password: String(key ?? '') };
  }
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '');
  if (basic?.[1]) {
    const text = Buffer.from(basic[1], 'base64').toString();
    const colon = text.indexOf(':');
    if (colon >= 0) {
      return { user: text.slice(0, colon) || 'default', password: text.slice(colon + 1) };
    }
  }
  return { user: url.get('user') || 'default', password: url.get('password') ?? '' };
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

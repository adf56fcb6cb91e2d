import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { checkSameOrigin } from './origin.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { SignInLimit } from './sign-in-limit.ts';

test('a password is known by its hash, and only by it', async () => {
  const hash = await hashPassword('correct horse battery');
  expect(hash).not.toContain('correct');
  expect(await verifyPassword('correct horse battery', hash)).toBe(true);
  expect(await verifyPassword('correct horse batterz', hash)).toBe(false);
  expect(await hashPassword('correct horse battery')).not.toBe(hash);
});

test('a user without a password, or none at all, is never let in', async () => {
  expect(await verifyPassword('', null)).toBe(false);
  expect(await verifyPassword('AAAA', null)).toBe(false);
});

const request = (headers: Record<string, string>) => ({ headers }) as unknown as FastifyRequest;

test.each([
  ['no Origin', { host: 'a:3000' }],
  ['another origin', { host: 'a:3000', origin: 'http://b:3000' }],
  ['another port', { host: 'a:3000', origin: 'http://a:3001' }],
  ['an opaque origin', { host: 'a:3000', origin: 'null' }],
  ['a sibling site', { host: 'a:3000', origin: 'http://a:3000', 'sec-fetch-site': 'same-site' }],
])('a mutation with %s is refused', (_, headers) => {
  expect(() => checkSameOrigin(request(headers))).toThrow();
});

test('a mutation from the own page passes, directly and through the dashboard', () => {
  checkSameOrigin(request({ host: 'a:3000', origin: 'http://a:3000' }));
  checkSameOrigin(
    request({
      host: '127.0.0.1:4400',
      'x-forwarded-host': 'a:3000',
      origin: 'http://a:3000',
      'sec-fetch-site': 'same-origin',
    }),
  );
});

test('ten attempts at once, then one every six seconds, per address', () => {
  const limit = new SignInLimit();
  for (let i = 0; i < 10; i++) expect(limit.take('a', 0)).toBe(0);
  expect(limit.take('a', 0)).toBe(6_000);
  expect(limit.take('b', 0)).toBe(0);
  expect(limit.take('a', 6_000)).toBe(0);
  expect(limit.take('a', 6_000)).toBeGreaterThan(0);
});

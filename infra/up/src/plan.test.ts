import { expect, test } from 'vitest';
import { readOptions } from './options.ts';
import { planOf } from './plan.ts';

function environmentOf(host: string, clickhousePassword: string): Record<string, string> {
  const options = readOptions(['start', '--port-base', '9000'], { FLYBALL_HOST: host }, '/flyball');
  const plans = planOf(options, { guardToken: 'token', clickhousePassword });
  return plans.find(({ name }) => name === 'collector')?.env() ?? {};
}

test('a password of any letters stands whole in the address of ClickHouse', () => {
  const url = new URL(environmentOf('127.0.0.1', 'a/b@c:d?e#f').CLICKHOUSE_URL ?? '');
  expect([url.hostname, url.port]).toEqual(['127.0.0.1', '9004']);
  expect(decodeURIComponent(url.password)).toBe('a/b@c:d?e#f');
});

test.each([
  ['::1', 'http://[::1]:9001'],
  ['::', 'http://127.0.0.1:9001'],
  ['0.0.0.0', 'http://127.0.0.1:9001'],
  ['flyball.example', 'http://flyball.example:9001'],
])('listening on %s, the controller is at %s', (host, url) => {
  expect(environmentOf(host, 'secret').CONTROLLER_URL).toBe(url);
});

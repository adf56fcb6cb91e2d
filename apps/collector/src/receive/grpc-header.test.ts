import { expect, test } from 'vitest';
import { grpcTimeoutMs, percentEncoded } from './grpc-header.ts';

test('a caller names its deadline in six units', () => {
  expect(grpcTimeoutMs('2H')).toBe(7_200_000);
  expect(grpcTimeoutMs('10S')).toBe(10_000);
  expect(grpcTimeoutMs('250m')).toBe(250);
  expect(grpcTimeoutMs('500000u')).toBe(500);
  expect(grpcTimeoutMs('2000000n')).toBe(2);
  expect(grpcTimeoutMs(undefined)).toBeUndefined();
  expect(grpcTimeoutMs('fast')).toBeUndefined();
  expect(grpcTimeoutMs('123456789S')).toBeUndefined();
});

test('messages keep printable ASCII and encode the rest', () => {
  expect(percentEncoded('100% bad: é\n')).toBe('100%25 bad: %C3%A9%0A');
});

import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

test('the ports of OTLP are the default', () => {
  expect(readEnvironment({ FLYBALL_OTLP_GRPC_PORT: '' })).toMatchObject({
    grpcPort: 4317,
    httpPort: 4318,
    clickhouseUrl: 'http://127.0.0.1:8123',
  });
});

test('what is wrong is told by name', () => {
  const variables = { FLYBALL_OTLP_HTTP_PORT: '99999', FLYBALL_GUARD_TOKEN: 'short' };
  expect(() => readEnvironment(variables)).toThrow(/FLYBALL_OTLP_HTTP_PORT.*\n.*FLYBALL_GUARD/);
});

import { describe, expect, test } from 'vitest';
import type { Request } from '../receive/answer.ts';
import { selfRoutes, tokenOfDetails } from './routes.ts';

const TOKEN = 'a secret of sixteen';

async function status(path: string, token: string | undefined, authorization?: string) {
  const routes = new Map(
    selfRoutes({
      token,
      health: async () => ({ status: 'healthy', checks: [] }),
      metrics: async () => '',
      notReady: async () => undefined,
    }),
  );
  const request = { headers: authorization === undefined ? {} : { authorization } } as Request;
  return (await routes.get(path)?.GET?.(request))?.status;
}

describe('the details of health', () => {
  test('are told for the guard token alone where other machines can ask', async () => {
    expect(await status('/health/detailed', TOKEN)).toBe(401);
    expect(await status('/health/detailed', TOKEN, 'Bearer another one, long')).toBe(401);
    expect(await status('/health/detailed', TOKEN, `Bearer ${TOKEN}`)).toBe(200);
  });

  test('are open without one; what is probed and scraped is always open', async () => {
    expect(await status('/health/detailed', undefined)).toBe(200);
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
      expect(await status(path, TOKEN)).toBe(200);
    }
  });

  test('are open on this machine alone', () => {
    for (const host of ['127.0.0.1', '127.8.0.1', '::1', '[::1]', 'localhost']) {
      expect(tokenOfDetails(host, TOKEN)).toBeUndefined();
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.5', '127.0.0.1.example.org']) {
      expect(tokenOfDetails(host, TOKEN)).toBe(TOKEN);
    }
    expect(tokenOfDetails('0.0.0.0', undefined)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { demoConfig } from './config.ts';

describe("the demo's settings", () => {
  it('have defaults', () => {
    expect(demoConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4500,
      gatewayPort: 4501,
      ratePerSecond: 60,
      shape: 'constant',
      guardToken: null,
      controllerUrl: 'http://127.0.0.1:4400',
    });
  });

  it('name every variable that is wrong, with its value', () => {
    const wrong = { FLYBALL_DEMO_PORT: '99999', FLYBALL_DEMO_SHAPE: 'square' };
    expect(() => demoConfig(wrong)).toThrow(/FLYBALL_DEMO_PORT=99999.*\n.*FLYBALL_DEMO_SHAPE=squ/);
  });
});

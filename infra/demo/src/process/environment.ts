import { z } from 'zod';

/** What the manager tells a child in its environment. */
const schema = z.object({
  FLYBALL_DEMO_SERVICE: z.string().min(1),
  FLYBALL_DEMO_INSTANCE: z.string().min(1),
  FLYBALL_DEMO_SEED: z.coerce.number().int(),
  FLYBALL_DEMO_START_DELAY_MS: z.coerce.number().nonnegative(),
  FLYBALL_DEMO_LISTEN_PORT: z.coerce.number().int().min(0).max(65_535),
  FLYBALL_DEMO_GATEWAY_URL: z.string(),
  FLYBALL_HOST: z.string().min(1),
  CONTROLLER_URL: z.string().min(1),
  FLYBALL_GUARD_TOKEN: z.string(),
});

export interface InstanceEnvironment {
  service: string;
  instance: string;
  seed: number;
  startDelayMs: number;
  host: string;
  listenPort: number;
  gatewayUrl: string;
  controllerUrl: string;
  guardToken: string;
}

/** Reads a child's settings; throws a ZodError that names what is missing. */
export function instanceEnvironment(env: NodeJS.ProcessEnv): InstanceEnvironment {
  const parsed = schema.parse(env);
  return {
    service: parsed.FLYBALL_DEMO_SERVICE,
    instance: parsed.FLYBALL_DEMO_INSTANCE,
    seed: parsed.FLYBALL_DEMO_SEED,
    startDelayMs: parsed.FLYBALL_DEMO_START_DELAY_MS,
    host: parsed.FLYBALL_HOST,
    listenPort: parsed.FLYBALL_DEMO_LISTEN_PORT,
    gatewayUrl: parsed.FLYBALL_DEMO_GATEWAY_URL,
    controllerUrl: parsed.CONTROLLER_URL,
    guardToken: parsed.FLYBALL_GUARD_TOKEN,
  };
}

/** The child's environment for the same settings. */
export function toEnvironment(settings: InstanceEnvironment): Record<string, string> {
  return {
    FLYBALL_DEMO_SERVICE: settings.service,
    FLYBALL_DEMO_INSTANCE: settings.instance,
    FLYBALL_DEMO_SEED: String(settings.seed),
    FLYBALL_DEMO_START_DELAY_MS: String(settings.startDelayMs),
    FLYBALL_DEMO_LISTEN_PORT: String(settings.listenPort),
    FLYBALL_DEMO_GATEWAY_URL: settings.gatewayUrl,
    FLYBALL_HOST: settings.host,
    CONTROLLER_URL: settings.controllerUrl,
    FLYBALL_GUARD_TOKEN: settings.guardToken,
  };
}

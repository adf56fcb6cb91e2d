import path from 'node:path';
import { z } from 'zod';
import { shapeName } from '../load/shape.ts';

const port = z.coerce.number().int().min(0).max(65_535);

const schema = z.object({
  FLYBALL_HOST: z.string().min(1).default('127.0.0.1'),
  FLYBALL_DEMO_PORT: port.default(4500),
  FLYBALL_DEMO_GATEWAY_PORT: port.default(4501),
  FLYBALL_DASHBOARD_PORT: port.default(3000),
  FLYBALL_DATA_DIR: z.string().min(1).default('.flyball'),
  FLYBALL_DEMO_RATE: z.coerce.number().min(0).max(2_000).default(60),
  FLYBALL_DEMO_SHAPE: shapeName.default('constant'),
  FLYBALL_DEMO_SEED: z.coerce.number().int().default(1),
  FLYBALL_DEMO_START_DELAY_MS: z.coerce.number().min(0).max(120_000).default(2_500),
  FLYBALL_DEMO_MAX_REPLICAS: z.coerce.number().int().min(1).max(50).default(10),
  FLYBALL_GUARD_TOKEN: z.string().min(1).optional(),
  CONTROLLER_URL: z.url().default('http://127.0.0.1:4400'),
});

/** The settings of the demo shop's process manager. */
export interface DemoConfig {
  /** Where the manager and the gateway listen; instances stay on loopback. */
  host: string;
  port: number;
  gatewayPort: number;
  dashboardPort: number;
  dataDir: string;
  ratePerSecond: number;
  shape: z.infer<typeof shapeName>;
  seed: number;
  startDelayMs: number;
  maxReplicas: number;
  /** null: nobody may change replicas from outside. */
  guardToken: string | null;
  controllerUrl: string;
}

/** Reads the environment; throws an Error that names every variable that is wrong. */
export function demoConfig(env: NodeJS.ProcessEnv): DemoConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}=${env[String(issue.path[0])] ?? ''}: ${issue.message}`,
    );
    throw new Error(`the demo cannot start with these settings:\n  ${problems.join('\n  ')}`);
  }
  const values = parsed.data;
  return {
    host: values.FLYBALL_HOST,
    port: values.FLYBALL_DEMO_PORT,
    gatewayPort: values.FLYBALL_DEMO_GATEWAY_PORT,
    dashboardPort: values.FLYBALL_DASHBOARD_PORT,
    dataDir: path.resolve(values.FLYBALL_DATA_DIR, 'demo'),
    ratePerSecond: values.FLYBALL_DEMO_RATE,
    shape: values.FLYBALL_DEMO_SHAPE,
    seed: values.FLYBALL_DEMO_SEED,
    startDelayMs: values.FLYBALL_DEMO_START_DELAY_MS,
    maxReplicas: values.FLYBALL_DEMO_MAX_REPLICAS,
    guardToken: values.FLYBALL_GUARD_TOKEN ?? null,
    controllerUrl: values.CONTROLLER_URL,
  };
}

/** Where this machine reaches something that listens on `host`. */
export function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

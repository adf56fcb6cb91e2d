import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Options } from './options.ts';
import { reachableInUrl } from './plan.ts';

const LINK_WITHIN_MS = 3_000;

/**
 * The one-time link the controller leaves while nobody has a password yet. It may be ready a
 * moment before the link is; a data directory that has been signed in to has none.
 */
async function firstSignIn(options: Options, dashboard: string): Promise<string | null> {
  const deadline = performance.now() + LINK_WITHIN_MS;
  while (performance.now() < deadline) {
    const link = readLink(options, dashboard);
    if (link !== null) return link;
    await pause(100);
  }
  return null;
}

function readLink(options: Options, dashboard: string): string | null {
  try {
    const file = join(options.dataDir, 'controller', 'first-sign-in.json');
    const link = JSON.parse(readFileSync(file, 'utf8')) as {
      url_path: string;
      expiresAtMs: number;
    };
    return link.expiresAtMs > Date.now() ? `${dashboard}${link.url_path}` : null;
  } catch {
    return null;
  }
}

export function dashboardUrl(options: Options): string {
  return `http://${reachableInUrl(options.host)}:${options.ports.dashboard}`;
}

/** What a person needs to know once everything runs. */
export async function greeting(options: Options): Promise<string> {
  const local = reachableInUrl(options.host);
  const dashboard = dashboardUrl(options);
  const link = await firstSignIn(options, dashboard);
  const { ports } = options;
  const lines = [
    '',
    'Flyball is running.',
    '',
    `  Dashboard   ${dashboard}`,
    link === null
      ? '  Sign in     with your name and password'
      : `  Sign in     ${link}\n              (once, as admin; then choose a password)`,
    ...(options.verb === 'demo'
      ? [
          `  Shop        http://${local}:${ports.demo}  (faults, load)`,
          '              npm run demo -- fault surge',
        ]
      : []),
    '',
    '  Send data   point any OpenTelemetry SDK here:',
    `              export OTEL_EXPORTER_OTLP_ENDPOINT=http://${local}:${ports.otlpHttp}`,
    '              export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    `              (gRPC: http://${local}:${ports.otlpGrpc})`,
    '',
    `  Data        ${relative(process.cwd(), options.dataDir) || options.dataDir}`,
    '  Stop        Ctrl-C',
    '',
  ];
  return lines.join('\n');
}

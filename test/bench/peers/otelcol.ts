import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { removeDirectory, temporaryDirectory } from '../../support/clickhouse.ts';
import { until } from '../../support/until.ts';
import { endWithUs, removeWithUs } from '../support/ending.ts';
import { type Usage, usageOf } from '../support/probe.ts';

export const COLLECTOR_VERSION = '0.158.0';

const SOURCE = join(import.meta.dirname, 'otelcol');
/** Ignored by git; Go's own cache makes a second build quick. */
const BINARY = join(import.meta.dirname, '..', '..', '.artifacts', 'otelcol');
const BUILD_LIMIT_MS = 30 * 60_000;

export const NO_GO = `The comparison needs Go, which was not found: the OpenTelemetry Collector is
built from its Go modules. Get Go 1.26 or newer from https://go.dev/dl/ or a package manager
(apt install golang-go, brew install go), see that "go version" works, and run this again.
Nothing else in Flyball needs Go.
`;

export type Build =
  | { readonly kind: 'built'; readonly binary: string }
  | { readonly kind: 'no_go' }
  | { readonly kind: 'failed'; readonly output: string };

/** Builds the OpenTelemetry Collector with the components that the comparison needs. */
export function buildCollector(): Build {
  if (spawnSync('go', ['version']).status !== 0) return { kind: 'no_go' };
  process.stdout.write('Building the OpenTelemetry Collector (minutes, the first time) ...\n');
  mkdirSync(join(BINARY, '..'), { recursive: true });
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', BINARY, '.'];
  const options = { cwd: SOURCE, encoding: 'utf8', timeout: BUILD_LIMIT_MS } as const;
  const { status, stdout, stderr, error } = spawnSync('go', args, options);
  if (status === 0) return { kind: 'built', binary: BINARY };
  return { kind: 'failed', output: `${stdout}${stderr}${error?.message ?? ''}` };
}

export interface PeerOptions {
  /** Seconds from the first span of a trace to its decision. */
  readonly decisionWaitS: number;
  /** `span_metrics` and `service_graph` beside the sampling. */
  readonly aggregates: boolean;
}

export interface Peer {
  readonly grpc: string;
  usage(): Usage;
  stop(): Promise<void>;
}

/** The same rules as Flyball ships with: errors, over a second, one in a hundred of the rest. */
function configOf(port: number, { decisionWaitS, aggregates }: PeerOptions): string {
  const all = aggregates
    ? `
    traces/all: { receivers: [otlp], exporters: [span_metrics, service_graph] }
    metrics: { receivers: [span_metrics, service_graph], exporters: [nop] }`
    : '';
  const connectors = aggregates
    ? `
connectors:
  span_metrics:
    histogram: { exponential: {} }
    dimensions: [{ name: service.instance.id }]
  service_graph: {}`
    : '';
  return `receivers:
  otlp: { protocols: { grpc: { endpoint: "127.0.0.1:${port}", max_recv_msg_size_mib: 64 } } }
processors:
  tail_sampling:
    decision_wait: ${decisionWaitS}s
    num_traces: 3000000
    policies:
      - { name: errors, type: status_code, status_code: { status_codes: [ERROR] } }
      - { name: slow, type: latency, latency: { threshold_ms: 1000 } }
      - { name: rest, type: probabilistic, probabilistic: { sampling_percentage: 1 } }${connectors}
exporters: { nop: {} }
service:
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    traces: { receivers: [otlp], processors: [tail_sampling], exporters: [nop] }${all}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address !== 'object') throw new Error('no free port');
  return address.port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

/** Starts the OpenTelemetry Collector on a free port. */
export async function startPeer(binary: string, options: PeerOptions): Promise<Peer> {
  const directory = removeWithUs(temporaryDirectory());
  const port = await freePort();
  const file = join(directory, 'otelcol.yaml');
  writeFileSync(file, configOf(port, options));
  const child = spawn(binary, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  endWithUs(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-4000);
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    removeDirectory(directory);
  };
  try {
    await until('the OpenTelemetry Collector listens', 20_000, () => {
      if (child.exitCode !== null) throw new Error(said);
      return accepts(port);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = child.pid ?? -1;
  return { grpc: `http://127.0.0.1:${port}`, usage: () => usageOf(pid), stop };
}

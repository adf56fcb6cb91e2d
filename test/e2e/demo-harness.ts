import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GuardReport, guardReport, type ProcessService } from '@flyball/contract';
import { ROOT, type RunningProgram, startProgram } from '../support/process.ts';

export const TOKEN = 'token-of-this-test';

/** One span as the shop exported it. */
export interface SinkSpan {
  service: string;
  instance: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  isError: boolean;
}

/** Stands for the collector and for the controller, as far as the shop talks to them. */
export interface Peers {
  url: string;
  spans: SinkSpan[];
  /** Newest value of a gauge by instance. */
  gauge(name: string): Map<string, number>;
  reports: GuardReport[];
  authorizations: Set<string>;
  /** What the controller answers to a guard's report; an Error closes the connection. */
  answerGuard: (report: GuardReport) => { status: number; body: unknown } | Error;
  close(): Promise<void>;
}

interface OtlpResource {
  attributes: { key: string; value: { stringValue?: string } }[];
}

interface OtlpTraces {
  resourceSpans: {
    resource: OtlpResource;
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        kind: number;
        status?: { code?: number };
      }[];
    }[];
  }[];
}

interface OtlpMetrics {
  resourceMetrics: {
    resource: OtlpResource;
    scopeMetrics: {
      metrics: { name: string; gauge?: { dataPoints: { asDouble?: number; asInt?: number }[] } }[];
    }[];
  }[];
}

const MAX_SPANS = 200_000;

function attribute(resource: OtlpResource, key: string): string {
  return resource.attributes.find((entry) => entry.key === key)?.value.stringValue ?? '';
}

export async function startPeers(): Promise<Peers> {
  const spans: SinkSpan[] = [];
  const gauges = new Map<string, Map<string, number>>();
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      if (request.url === '/v1/traces') takeSpans(body as OtlpTraces, spans);
      if (request.url === '/v1/metrics') takeGauges(body as OtlpMetrics, gauges);
      if (request.url !== '/api/guard/sync') return reply(response, 200, {});
      const report = guardReport.parse(body);
      peers.reports.push(report);
      peers.authorizations.add(request.headers.authorization ?? '');
      const answer = peers.answerGuard(report);
      if (answer instanceof Error) request.socket.destroy();
      else reply(response, answer.status, answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const peers: Peers = {
    url: `http://127.0.0.1:${port}`,
    spans,
    gauge: (name) => gauges.get(name) ?? new Map(),
    reports: [],
    authorizations: new Set(),
    answerGuard: () => ({ status: 503, body: {} }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return peers;
}

function reply(response: http.ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

function takeSpans(body: OtlpTraces, spans: SinkSpan[]): void {
  for (const { resource, scopeSpans } of body.resourceSpans) {
    const service = attribute(resource, 'service.name');
    const instance = attribute(resource, 'service.instance.id');
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      if (spans.length >= MAX_SPANS) return;
      const { traceId, spanId, parentSpanId = '', name, kind, status } = span;
      const isError = status?.code === 2;
      spans.push({ service, instance, traceId, spanId, parentSpanId, name, kind, isError });
    }
  }
}

function takeGauges(body: OtlpMetrics, gauges: Map<string, Map<string, number>>): void {
  for (const { resource, scopeMetrics } of body.resourceMetrics) {
    const instance = attribute(resource, 'service.instance.id');
    for (const { name, gauge } of scopeMetrics.flatMap((scope) => scope.metrics)) {
      const point = gauge?.dataPoints.at(-1);
      if (point === undefined) continue;
      const byInstance = gauges.get(name) ?? new Map<string, number>();
      gauges.set(name, byInstance.set(instance, point.asDouble ?? Number(point.asInt)));
    }
  }
}

/** The parts of GET /state that the tests look at. */
export interface ShopStateView {
  services: (ProcessService & {
    views: {
      instance: string;
      pid: number | null;
      stats: { utilization: number; requestsPerSecond: number } | null;
    }[];
  })[];
  guards: { service: string; state: string; version: number | null; unhealthy: string[] }[];
  load: {
    sentPerSecond: number;
    okPerSecond: number;
    limitedPerSecond: number;
    failedPerSecond: number;
    p99Ms: number | null;
  } | null;
  cpuRatio: number;
}

export interface Shop {
  program: RunningProgram;
  url: string;
  gatewayUrl: string;
  dataDir: string;
  state(): Promise<ShopStateView>;
  service(service: string): Promise<ProcessService>;
  requestsPerSecond(instance: string): Promise<number>;
  setReplicas(service: string, change: Record<string, unknown>): Promise<Response>;
  fault(request: Record<string, unknown>): Promise<string>;
  endFault(id: string): Promise<void>;
  endAllFaults(): Promise<void>;
  close(): Promise<void>;
}

const OPENS_WITHIN_MS = 90_000;

/** The line that says where the shop is; one that does not open is not left behind. */
async function opening(program: RunningProgram, dataDir: string) {
  try {
    return await program.line(({ msg }) => msg === 'the shop is open', OPENS_WITHIN_MS);
  } catch (error) {
    await program.stop();
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** The whole shop from its sources, on free ports, with a short start-up. */
export async function startShop(peers: Peers, env: NodeJS.ProcessEnv = {}): Promise<Shop> {
  const dataDir = mkdtempSync(join(tmpdir(), 'flyball-demo-'));
  const program = startProgram('infra/demo/src/main.ts', {
    FLYBALL_DATA_DIR: dataDir,
    FLYBALL_DEMO_PORT: '0',
    FLYBALL_DEMO_GATEWAY_PORT: '0',
    FLYBALL_DEMO_START_DELAY_MS: '200',
    FLYBALL_GUARD_TOKEN: TOKEN,
    CONTROLLER_URL: peers.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: peers.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
    ...env,
  });
  const opened = await opening(program, dataDir);
  const url = String(opened.url);
  const json = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(new URL(path, url), init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
  const endFault = async (id: string): Promise<void> => {
    await json(`/faults/${id}`, { method: 'DELETE' });
  };
  const state = () => json('/state') as Promise<ShopStateView>;
  return {
    program,
    url,
    gatewayUrl: String(opened.gatewayUrl),
    dataDir,
    state,
    service: (service) => json(`/services/${service}`, { headers }) as Promise<ProcessService>,
    requestsPerSecond: async (instance) => {
      const views = (await state()).services.flatMap((service) => service.views);
      return views.find((view) => view.instance === instance)?.stats?.requestsPerSecond ?? 0;
    },
    setReplicas: (service, change) =>
      fetch(new URL(`/services/${service}/replicas`, url), {
        method: 'PUT',
        headers,
        body: JSON.stringify({ fence: 1, by: 'a test', ...change }),
      }),
    fault: async (request) => {
      const body = JSON.stringify(request);
      const answer = await json('/faults', { method: 'POST', headers, body });
      return (answer as { fault: { id: string } }).fault.id;
    },
    endFault,
    endAllFaults: async () => {
      const { faults } = (await json('/faults')) as { faults: { id: string }[] };
      for (const { id } of faults) await endFault(id);
    },
    close: async () => {
      await program.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Asks again until `wanted` holds; the error tells what was seen last. */
export async function eventually<T>(
  what: string,
  read: () => Promise<T> | T,
  wanted: (value: T) => boolean,
  withinMs = 45_000,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (performance.now() > deadlineMs) {
      const last = JSON.stringify(value)?.slice(0, 2_000);
      throw new Error(`not within ${withinMs} ms: ${what}; last: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs `fault ...` as a shell would, against this shop. */
export function faultCommand(
  shop: Shop,
  args: readonly string[],
): Promise<{ code: number; text: string }> {
  const main = join(ROOT, 'infra/demo/src/main.ts');
  const options = ['--conditions=@flyball/source', '--disable-warning=ExperimentalWarning'];
  const env = { ...process.env, FLYBALL_DATA_DIR: shop.dataDir };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...options, main, 'fault', ...args],
      { env, timeout: 20_000 },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, text: (stdout + stderr).trim() });
      },
    );
  });
}

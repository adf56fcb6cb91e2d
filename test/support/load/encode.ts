import { MessageWriter } from './protobuf.ts';
import type { Random } from './random.ts';
import { KIND, LONGEST_NS, type MadeSpan } from './trace.ts';

/** Who sends a span. */
export interface Sender {
  readonly service: string;
  readonly instance: number;
}

const STATUS_ERROR = 2;
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT'];
const TABLES = ['orders', 'stock', 'carts', 'payments', 'customers'];

function attribute(key: string, value: string | number): MessageWriter {
  const written = new MessageWriter();
  if (typeof value === 'string') written.text(1, value);
  else written.int(3, value);
  return new MessageWriter().text(1, key).message(2, written);
}

function serverAttributes(random: Random, route: string, failed: boolean) {
  return {
    'http.request.method': random.pick(METHODS),
    'http.route': route,
    'url.path': route.replace('{id}', String(100_000 + random.below(900_000))),
    'http.response.status_code': failed ? 500 : 200,
    'server.address': 'shop.example.com',
    'client.address': `10.1.${random.below(256)}.${random.below(256)}`,
    'user_agent.original': 'okhttp/5.1.0 (Android 16)',
  };
}

function clientAttributes(random: Random, callee: string, failed: boolean) {
  return {
    'http.request.method': random.pick(METHODS),
    'url.full': `http://${callee}:8080/v1/items/${100_000 + random.below(900_000)}`,
    'server.address': callee,
    'server.port': 8080,
    'http.response.status_code': failed ? 500 : 200,
    'network.peer.address': `10.2.${random.below(256)}.${random.below(256)}`,
    'network.protocol.version': '1.1',
  };
}

function databaseAttributes(table: string) {
  return {
    'db.system': 'postgresql',
    'db.name': 'shop',
    'db.operation.name': 'SELECT',
    'db.query.text': `SELECT * FROM ${table} WHERE id = $1 AND state = $2`,
    'server.address': 'db.shop.internal',
    'server.port': 5432,
  };
}

function describe(random: Random, span: MadeSpan, service: string) {
  const route = `/v1/${service}/{id}`;
  if (span.kind === KIND.server) {
    return { name: `GET ${route}`, attributes: serverAttributes(random, route, span.failed) };
  }
  if (span.database) {
    const table = random.pick(TABLES);
    return { name: `SELECT ${table}`, attributes: databaseAttributes(table) };
  }
  const callee = `${service}-peer`;
  return { name: `call ${callee}`, attributes: clientAttributes(random, callee, span.failed) };
}

function exceptionEvent(span: MadeSpan): MessageWriter {
  const event = new MessageWriter().time(1, span.endNs - 1000).text(2, 'exception');
  const attributes = {
    'exception.type': 'PaymentRefused',
    'exception.message': 'the card was refused by its bank',
    'exception.stacktrace': [
      'PaymentRefused: the card was refused by its bank',
      '    at authorize (/app/src/payments/authorize.js:81:11)',
      '    at async pay (/app/src/payments/pay.js:40:18)',
      '    at async handler (/app/src/http/routes.js:122:5)',
    ].join('\n'),
  };
  for (const [key, value] of Object.entries(attributes)) event.message(3, attribute(key, value));
  return event;
}

/** A span of `opentelemetry.proto.trace.v1`. */
export function encodeSpan(random: Random, span: MadeSpan, service: string): MessageWriter {
  const { name, attributes } = describe(random, span, service);
  const message = new MessageWriter().id(1, 'traceId').id(2, 'spanId');
  if (span.parent >= 0) message.id(4, 'parentId');
  message.text(5, name).int(6, span.kind).time(7, span.startNs).time(8, span.endNs);
  for (const [key, value] of Object.entries(attributes)) message.message(9, attribute(key, value));
  if (span.origin) message.message(11, exceptionEvent(span));
  if (span.failed) message.message(15, new MessageWriter().int(3, STATUS_ERROR));
  return message.fixed32(16, 1);
}

/** `ResourceSpans` of one instance of a service. */
export function encodeResourceSpans(
  { service, instance }: Sender,
  spans: readonly MessageWriter[],
): MessageWriter {
  const resource = new MessageWriter();
  const attributes = {
    'service.name': service,
    'service.instance.id': `${service}-7c9f6d5b8-${instance}`,
    'service.version': '2.14.1',
    'deployment.environment.name': 'production',
    'host.name': `node-${instance}`,
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
  };
  for (const [key, value] of Object.entries(attributes)) resource.message(1, attribute(key, value));
  const scope = new MessageWriter().text(1, '@opentelemetry/instrumentation-http').text(2, '0.2.1');
  const scopeSpans = new MessageWriter().message(1, scope);
  for (const span of spans) scopeSpans.message(2, span);
  return new MessageWriter().message(1, resource).message(2, scopeSpans);
}

/** How long before its sending every time of a request is counted from, ns. */
export const TIMES_FROM_NS = LONGEST_NS;

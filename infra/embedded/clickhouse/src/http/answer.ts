import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { deflate, gzip, zstdCompress } from 'node:zlib';
import type { Done } from '../engine.ts';
import { type Failure, failureText, statusOf } from '../failure.ts';

const ENCODERS: Record<string, (body: Buffer) => Promise<Buffer>> = {
  gzip: promisify(gzip),
  deflate: promisify(deflate),
  zstd: promisify(zstdCompress),
};

const TYPES: Array<[pattern: RegExp, type: string]> = [
  [/^(JSONEachRow|JSONCompactEachRow|JSONStringsEachRow|NDJSON|JSONLines)/, 'application/x-ndjson'],
  [/^JSON/, 'application/json'],
  [/^(TSV|TabSeparated)/, 'text/tab-separated-values'],
  [/^CSV/, 'text/csv'],
  [/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|MsgPack|Npy|Protobuf)/, 'application/octet-stream'],
];

export interface Described {
  queryId: string;
  /** Undefined for statements without output. */
  format: string | undefined;
  timezone: string;
}

/** Headers that every answer to a query carries. */
export function describe(response: ServerResponse, about: Described): void {
  response.setHeader('X-ClickHouse-Query-Id', about.queryId);
  response.setHeader('X-ClickHouse-Server-Display-Name', 'flyball');
  response.setHeader('X-ClickHouse-Timezone', about.timezone);
  if (about.format) response.setHeader('X-ClickHouse-Format', about.format);
  response.setHeader('Content-Type', `${contentType(about.format)}; charset=UTF-8`);
}

function contentType(format: string | undefined): string {
  return TYPES.find(([pattern]) => pattern.test(format ?? ''))?.[1] ?? 'text/plain';
}

/** Sends what the engine gave, compressed if the client asked for it. */
export async function sendDone(
  request: IncomingMessage,
  response: ServerResponse,
  url: URLSearchParams,
  done: Done,
): Promise<void> {
  response.setHeader('X-ClickHouse-Summary', summary(done));
  let { body } = done;
  const wanted = url.get('enable_http_compression');
  const encoding = wanted === '1' || wanted === 'true' ? chooseEncoding(request) : undefined;
  const encode = encoding ? ENCODERS[encoding] : undefined;
  if (encode && encoding && body.length > 0) {
    body = await encode(body);
    response.setHeader('Content-Encoding', encoding);
    response.setHeader('Vary', 'Accept-Encoding');
  }
  if (response.destroyed) return;
  response.writeHead(200, { 'Content-Length': body.length });
  response.end(body);
}

/** Sends an error: its status, its code in a header and its sentence in the body. */
export function sendFailure(response: ServerResponse, failure: Failure, version: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = statusOf(failure);
  const body = failureText(failure, version);
  response.setHeader('X-ClickHouse-Exception-Code', failure.code);
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  if (status === 503) response.setHeader('Retry-After', '1');
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function chooseEncoding(request: IncomingMessage): string | undefined {
  const accepted = String(request.headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.split(';').map((piece) => piece.trim()))
    .filter(([, quality]) => !/^q=0(\.0*)?$/.test(quality ?? ''))
    .map(([name]) => name ?? '');
  return accepted.find((name) => name in ENCODERS);
}

/**
 * Rows read are those of the answer's own statistics where its format has them (JSON and its
 * compact forms): the engine tells no other count of rows read, only of rows returned.
 */
function summary(done: Done): string {
  const tail = done.body.subarray(-200).toString('latin1');
  const rows = /"rows_read": ?(\d+)/.exec(tail)?.[1];
  const bytes = /"bytes_read": ?(\d+)/.exec(tail)?.[1];
  return JSON.stringify({
    read_rows: rows ?? String(done.resultRows),
    read_bytes: bytes ?? String(done.resultBytes),
    written_rows: String(done.writtenRows),
    written_bytes: String(done.writtenBytes),
    total_rows_to_read: rows ?? String(done.resultRows),
    result_rows: String(done.resultRows || done.writtenRows),
    result_bytes: String(done.resultBytes || done.writtenBytes),
    elapsed_ns: String(done.elapsedNs),
  });
}

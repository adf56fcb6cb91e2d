import { AttributeReader } from '../otlp/attribute-reader.ts';
import { KIND_CONSUMER, KIND_PRODUCER, type SpanTable } from '../otlp/span-table.ts';

/** How one service reaches another. */
export type EdgeType = 'http' | 'rpc' | 'messaging' | 'database' | 'internal';

/** What a span says about the far side of its call, by OpenTelemetry's semantic conventions. */
export interface Peer {
  type: EdgeType;
  /** Name of the far side for an edge to something that sends no spans; '' when there is none. */
  name: string;
}

/** Current names first, then those of older conventions. */
const KEYS = [
  'db.system.name',
  'db.system',
  'db.namespace',
  'db.name',
  'messaging.system',
  'messaging.destination.name',
  'rpc.system',
  'http.request.method',
  'http.method',
  'peer.service',
  'server.address',
  'net.peer.name',
] as const;

type Key = (typeof KEYS)[number];

/** Reads the few attributes that tell the kind and name of a call's far side. */
export class PeerReader {
  readonly #reader = new AttributeReader(KEYS);

  read(spans: SpanTable, span: number): Peer {
    this.#reader.readSpan(spans, span);
    const peer = this.#first('peer.service');
    const database = this.#first('db.system.name', 'db.system');
    if (database !== '') {
      const named = join(database, this.#first('db.namespace', 'db.name'));
      return { type: 'database', name: peer || named };
    }
    const kind = spans.kind(span);
    const broker = this.#first('messaging.system');
    if (broker !== '' || kind === KIND_PRODUCER || kind === KIND_CONSUMER) {
      const named = join(broker, this.#first('messaging.destination.name'));
      return { type: 'messaging', name: peer || named };
    }
    const address = this.#first('server.address', 'net.peer.name');
    const http = this.#first('http.request.method', 'http.method') !== '';
    const type = this.#first('rpc.system') === '' && http ? 'http' : 'rpc';
    return { type, name: peer || address };
  }

  #first(...keys: Key[]): string {
    for (const key of keys) {
      const value = this.#reader.values[KEYS.indexOf(key)];
      if (value !== undefined && value !== '') return value;
    }
    return '';
  }
}

function join(system: string, part: string): string {
  return system === '' || part === '' ? system || part : `${system}/${part}`;
}

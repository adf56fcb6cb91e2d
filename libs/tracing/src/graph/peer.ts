import { AttributeReader } from '../otlp/attribute-reader.ts';
import { EMPTY_ID, type Interner, OPERATIONS_SHARE } from '../otlp/interner.ts';
import {
  KIND_CONSUMER,
  KIND_PRODUCER,
  META,
  META_DATABASE,
  META_HTTP,
  META_KIND_MASK,
  META_MESSAGING,
  META_RPC,
  type SpanTable,
} from '../otlp/span-table.ts';

/** How one service reaches another. */
export type EdgeType = 'http' | 'rpc' | 'messaging' | 'database' | 'internal';

/** What a span says of its call, by the attributes that the scan has marked. */
export function callTypeOf(spans: SpanTable, span: number): EdgeType {
  const meta = spans.word(span, META);
  if ((meta & META_DATABASE) !== 0) return 'database';
  const kind = meta & META_KIND_MASK;
  if ((meta & META_MESSAGING) !== 0 || kind === KIND_PRODUCER || kind === KIND_CONSUMER) {
    return 'messaging';
  }
  return (meta & (META_RPC | META_HTTP)) === META_HTTP ? 'http' : 'rpc';
}

/** By OpenTelemetry's semantic conventions; current names first, then those of older ones. */
const KEYS = [
  'peer.service',
  'db.system.name',
  'db.system',
  'db.namespace',
  'db.name',
  'messaging.system',
  'messaging.destination.name',
  'server.address',
  'net.peer.name',
] as const;

type Key = (typeof KEYS)[number];

const at = (key: Key): number => KEYS.indexOf(key);
const PEER = [at('peer.service')];
const DATABASE = [at('db.system.name'), at('db.system')];
const NAMESPACE = [at('db.namespace'), at('db.name')];
const BROKER = [at('messaging.system')];
const DESTINATION = [at('messaging.destination.name')];
const ADDRESS = [at('server.address'), at('net.peer.name')];

/** An interned id is below this. */
const IDS = 2 ** 24;
/** Joined names remembered at most; they are few where names are names. */
const MAX_JOINED = 10_000;

/** Names the far side of a call that sends no spans: a database, a broker, a foreign host. */
export class PeerNames {
  readonly #strings: Interner;
  readonly #reader = new AttributeReader(KEYS);
  readonly #joined = new Map<number, number>();
  #generation: number;

  constructor(strings: Interner) {
    this.#strings = strings;
    this.#generation = strings.generation;
  }

  /** The interned name, or `EMPTY_ID` when the span does not say. */
  nameOf(spans: SpanTable, span: number, type: EdgeType): number {
    this.#reader.readSpan(spans, span);
    const peer = this.#first(PEER);
    if (peer !== EMPTY_ID) return peer;
    if (type === 'database') return this.#join(this.#first(DATABASE), this.#first(NAMESPACE));
    if (type === 'messaging') return this.#join(this.#first(BROKER), this.#first(DESTINATION));
    return this.#first(ADDRESS);
  }

  #first(keys: readonly number[]): number {
    for (const key of keys) {
      const id = this.#reader.id(key, this.#strings);
      if (id !== EMPTY_ID) return id;
    }
    return EMPTY_ID;
  }

  /** `system/part`, or the one of them that is known. */
  #join(system: number, part: number): number {
    if (system === EMPTY_ID || part === EMPTY_ID) return system === EMPTY_ID ? part : system;
    if (this.#generation !== this.#strings.generation) {
      this.#generation = this.#strings.generation;
      this.#joined.clear();
    }
    const key = system * IDS + part;
    const known = this.#joined.get(key);
    if (known !== undefined) return known;
    const name = `${this.#strings.text(system)}/${this.#strings.text(part)}`;
    const id = this.#strings.internText(name, OPERATIONS_SHARE);
    if (this.#joined.size >= MAX_JOINED) this.#joined.clear();
    this.#joined.set(key, id);
    return id;
  }
}

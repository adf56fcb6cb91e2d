import { viewOf } from './interner.ts';
import * as field from './span-table.ts';
import type { WireReader } from './wire.ts';

/**
 * Attributes that set a flag of their span while it is scanned, so that what every trace asks for
 * (what kind of call is it, does its parent wait for it) need not look at attributes again.
 */
interface Marker {
  /** The key as the first field of a KeyValue, and its value's tag after it: bytes, then words. */
  readonly length: number;
  readonly words: Int32Array;
  readonly flag: number;
}

const MARKERS: readonly Marker[][] = markersByLength([
  ['http.request.method', field.META_HTTP],
  ['http.method', field.META_HTTP],
  ['rpc.system', field.META_RPC],
  ['db.system.name', field.META_DATABASE],
  ['db.system', field.META_DATABASE],
  ['messaging.system', field.META_MESSAGING],
]);
/** The first letter of the marking keys, by their length: no two of one length differ in it. */
const LETTERS = Uint8Array.from(MARKERS, ([marker]) => (marker?.words[0] ?? 0) >>> 8);

function markersByLength(keys: readonly [key: string, flag: number][]): Marker[][] {
  const longest = Math.max(...keys.map(([key]) => key.length));
  const markers: Marker[][] = Array.from({ length: longest + 1 }, () => []);
  for (const [key, flag] of keys) {
    const bytes = ascii(`\n${String.fromCharCode(key.length)}${key}\x12`);
    const { length } = bytes;
    const view = viewOf(bytes);
    // The last word overlaps the one before, so that any length is whole words.
    const words = Int32Array.from({ length: Math.ceil(length / 4) }, (_, word) =>
      view.getInt32(Math.min(word * 4, length - 4)),
    );
    markers[key.length]?.push({ length, words, flag });
  }
  return markers;
}

/**
 * Sets a flag of the span at `rows[base]` when the KeyValue whose first field begins at `at`, and
 * whose structure has been checked, is a marking attribute encoded in the usual order.
 */
export function noteMarker(reader: WireReader, rows: Int32Array, base: number, at: number): void {
  const { bytes } = reader;
  const length = bytes[at + 1] as number;
  const letter = bytes[at + 2] as number;
  // Length and first letter of the key rule out nearly all attributes.
  if (length < LETTERS.length && LETTERS[length] === letter) noteCall(reader, rows, base, at);
  else if (length === BLOCKING_KEY[1] && letter === BLOCKING_KEY[2]) {
    noteBlocking(rows, base, bytes, at);
  }
}

function noteCall(reader: WireReader, rows: Int32Array, base: number, at: number): void {
  const { bytes, view } = reader;
  for (const { length, words, flag } of MARKERS[bytes[at + 1] as number] as Marker[]) {
    if (!beginsWithWords(view, at, words, length)) continue;
    // An empty text says nothing.
    if ((bytes[at + length] as number) > 2) rows[base + field.META]! |= flag;
    return;
  }
}

function beginsWithWords(view: DataView, at: number, words: Int32Array, length: number): boolean {
  if (at + length > view.byteLength) return false;
  const last = words.length - 1;
  for (let word = 0; word < last; word += 1) {
    if (view.getInt32(at + 4 * word) !== words[word]) return false;
  }
  return view.getInt32(at + length - 4) === words[last];
}

function noteBlocking(rows: Int32Array, base: number, bytes: Uint8Array, at: number): void {
  const blocking = readBlocking(bytes, at);
  if (blocking === undefined) return;
  const meta = (rows[base + field.META] as number) & ~field.META_BLOCKING;
  rows[base + field.META] = meta | field.META_BLOCKING_SET | (blocking ? field.META_BLOCKING : 0);
}

/** `flyball.blocking`, preceded by the tag and length of a KeyValue's key. */
const BLOCKING_KEY = ascii('\n\x10flyball.blocking');

/** An AnyValue with its tag and length: a boolean, or the text of one. */
const BLOCKING_VALUES: readonly [bytes: Uint8Array, blocking: boolean][] = [
  [ascii('\x12\x02\x10\x01'), true],
  [ascii('\x12\x02\x10\x00'), false],
  [ascii('\x12\x06\n\x04true'), true],
  [ascii('\x12\x07\n\x05false'), false],
];

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** The value when a KeyValue at `at`, encoded in the usual order, is `flyball.blocking`. */
function readBlocking(bytes: Uint8Array, at: number): boolean | undefined {
  if (!beginsWith(bytes, at, BLOCKING_KEY)) return undefined;
  const value = at + BLOCKING_KEY.length;
  return BLOCKING_VALUES.find(([expected]) => beginsWith(bytes, value, expected))?.[1];
}

function beginsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

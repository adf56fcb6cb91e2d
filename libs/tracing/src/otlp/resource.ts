import { EMPTY_ID, INSTANCES_SHARE, type Interner, NOT_UTF8 } from './interner.ts';
import type { WireReader } from './wire.ts';

/** Ids in the interner. */
export interface ResourceNames {
  service: number;
  /** `service.instance.id`, else the host's name, else ''. */
  instance: number;
  host: number;
}

/** What a span of a resource without `service.name` is counted under. */
export const UNKNOWN_SERVICE = 'unknown_service';

const ATTRIBUTE = 0x0a;
const KEY = 0x0a;
const VALUE = 0x12;
const STRING_VALUE = 0x0a;

const SERVICE_NAME = ascii('service.name');
const INSTANCE_ID = ascii('service.instance.id');
const HOST_NAME = ascii('host.name');

/**
 * Reads the names of a Resource whose structure has been checked. Moves the reader within the
 * resource and back; a name that is not a string, or is empty, counts as absent.
 */
export function readResourceNames(
  reader: WireReader,
  offset: number,
  length: number,
  strings: Interner,
): ResourceNames {
  const names: ResourceNames = { service: EMPTY_ID, instance: EMPTY_ID, host: EMPTY_ID };
  const back = reader.at;
  const end = offset + length;
  reader.at = offset;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === ATTRIBUTE) readAttribute(reader, end, strings, names);
    else reader.skip(tag, end);
  }
  reader.at = back;
  if (names.service === EMPTY_ID) names.service = strings.internText(UNKNOWN_SERVICE);
  if (names.instance === EMPTY_ID) names.instance = names.host;
  return names;
}

function readAttribute(
  reader: WireReader,
  limit: number,
  strings: Interner,
  names: ResourceNames,
): void {
  const size = reader.length(limit);
  const end = reader.at + size;
  let keyAt = 0;
  let keyLength = 0;
  let valueAt = 0;
  let valueEnd = 0;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === KEY) {
      keyLength = reader.length(end);
      keyAt = reader.at;
      reader.at += keyLength;
    } else if (tag === VALUE) {
      const length = reader.length(end);
      if (length > 0) {
        valueAt = reader.at;
        valueEnd = valueAt + length;
      }
      reader.at += length;
    } else reader.skip(tag, end);
  }
  const name = nameOf(reader.bytes, keyAt, keyLength);
  if (name === undefined) return;
  reader.at = valueAt;
  const share = name === 'service' ? 1 : INSTANCES_SHARE;
  names[name] = readString(reader, valueEnd, strings, share);
  reader.at = end;
}

function nameOf(bytes: Uint8Array, at: number, length: number): keyof ResourceNames | undefined {
  if (length === 12) return equals(bytes, at, SERVICE_NAME) ? 'service' : undefined;
  if (length === 19) return equals(bytes, at, INSTANCE_ID) ? 'instance' : undefined;
  if (length === 9) return equals(bytes, at, HOST_NAME) ? 'host' : undefined;
  return undefined;
}

/** The reader stands at the beginning of an AnyValue. Only wanted names reach the interner. */
function readString(reader: WireReader, end: number, strings: Interner, share: number): number {
  let id = EMPTY_ID;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag !== STRING_VALUE) {
      reader.skip(tag, end);
      continue;
    }
    const size = reader.length(end);
    id = strings.intern(reader.bytes, reader.at, size, share);
    reader.at += size;
  }
  return id === NOT_UTF8 ? EMPTY_ID : id;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function equals(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

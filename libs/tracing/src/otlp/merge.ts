import { WireReader } from './wire.ts';
import { WireWriter } from './write.ts';

/** Tag of a resource in ResourceSpans/Metrics/Logs and of a scope in the messages below them. */
const ABOUT = 0x0a;
const ITEM = 0x12;

/**
 * Rewrites an Export…ServiceRequest so that each resource and each scope stands in one piece,
 * first in its container: protobuf merges the pieces of a sub-message, and merging is
 * concatenation.
 * The bytes have been walked before and are well formed.
 */
export function mergeSplitMessages(bytes: Uint8Array): Uint8Array {
  const out = new WireWriter();
  const reader = new WireReader(bytes);
  while (reader.at < bytes.length) {
    const start = reader.at;
    const tag = reader.tag(bytes.length);
    if (tag === ABOUT) {
      const length = reader.length(bytes.length);
      out.bytes(1, container(reader, reader.at + length, 2));
    } else {
      reader.skip(tag, bytes.length);
      out.raw(bytes.subarray(start, reader.at));
    }
  }
  return out.finish();
}

/** `levels` 2: resource with scopes below; 1: scope with items below. */
function container(reader: WireReader, end: number, levels: number): Uint8Array {
  const about = new WireWriter();
  const rest = new WireWriter();
  let seen = false;
  while (reader.at < end) {
    const start = reader.at;
    const tag = reader.tag(end);
    const length = tag === ABOUT || (tag === ITEM && levels > 1) ? reader.length(end) : 0;
    if (tag === ABOUT) {
      seen = true;
      about.raw(reader.bytes.subarray(reader.at, reader.at + length));
      reader.at += length;
    } else if (tag === ITEM && levels > 1) {
      rest.bytes(2, container(reader, reader.at + length, levels - 1));
    } else {
      reader.skip(tag, end);
      rest.raw(reader.bytes.subarray(start, reader.at));
    }
  }
  const out = new WireWriter();
  if (seen) out.bytes(1, about.finish());
  out.raw(rest.finish());
  return out.finish();
}

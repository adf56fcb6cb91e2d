import type { Transform } from 'node:stream';
import {
  constants,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Reservation } from './budget.ts';

export type Coding = 'identity' | 'gzip' | 'deflate' | 'zstd';

/** What this collector can undo, in the words of Accept-Encoding and grpc-accept-encoding. */
export const CODINGS = 'gzip, deflate, zstd, identity';

const NAMES: ReadonlyMap<string, Coding> = new Map([
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['zstd', 'zstd'],
]);

/** The coding a header names, in any case; undefined when it is unknown or a chain of several. */
export function codingOf(header: string | undefined): Coding | undefined {
  const names = (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== 'identity');
  return names.length > 1 ? undefined : NAMES.get(names[0] ?? '');
}

export type Decompressed =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'no_room' }
  | { readonly kind: 'corrupt'; readonly message: string };

/** RFC 9659: a zstd sender on the web needs no window larger than 8 MiB. */
const ZSTD_WINDOW_LOG = 23;

/** HTTP's deflate is the zlib format, but some senders leave its header out. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.readUInt8(0) & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

function decoder(coding: Exclude<Coding, 'identity'>, bytes: Buffer): Transform {
  const chunkSize = 64 * 1024;
  switch (coding) {
    case 'gzip':
      return createGunzip({ chunkSize });
    case 'deflate':
      return hasZlibHeader(bytes) ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize });
    case 'zstd':
      return createZstdDecompress({
        chunkSize,
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
      });
  }
}

/**
 * Undoes a content coding. Output is counted while it appears, against `maxBytes` and against the
 * budget behind `reservation`, so that a bomb ends as soon as it crosses either.
 */
export function decompress(
  bytes: Buffer,
  coding: Coding,
  maxBytes: number,
  reservation: Reservation,
): Promise<Decompressed> {
  if (coding === 'identity') return Promise.resolve({ kind: 'bytes', bytes });
  return new Promise((resolve) => {
    const stream = decoder(coding, bytes);
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (result: Decompressed) => {
      resolve(result);
      stream.destroy();
    };
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) end({ kind: 'too_large' });
      else if (!reservation.grow(chunk.length)) end({ kind: 'no_room' });
      else chunks.push(chunk);
    });
    stream.on('end', () => end({ kind: 'bytes', bytes: Buffer.concat(chunks, length) }));
    stream.on('error', (error) =>
      end({ kind: 'corrupt', message: `the ${coding} data is damaged: ${error.message}` }),
    );
    stream.end(bytes);
  });
}

/** What the twins use of Node, whose types the lib is compiled without. */
type Encoding = 'utf8' | 'hex' | 'base64';

interface NodeBuffer {
  from(text: string, encoding: Encoding): Uint8Array;
  from(bytes: Uint8Array): { toString(encoding: Encoding): string };
}

interface Decoder {
  decode(bytes: Uint8Array): string;
}

const { Buffer, TextDecoder } = globalThis as unknown as {
  Buffer: NodeBuffer;
  TextDecoder: new (label: string, options: object) => Decoder;
};

export function toBytes(text: string, encoding: Encoding): Uint8Array {
  return Buffer.from(text, encoding);
}

export function toText(bytes: Uint8Array, encoding: Encoding): string {
  return Buffer.from(bytes).toString(encoding);
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Protobuf by hand, for what no encoder writes. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function tag(number: number, wire: number): Buffer {
  return varint(BigInt(number * 8 + wire));
}

export function number(field: number, value: bigint | number): Buffer {
  return Buffer.concat([tag(field, 0), varint(BigInt(value))]);
}

export function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([tag(field, 1), bytes]);
}

export function fixed32(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, 1), bytes]);
}

/** Bytes, a string or a message of the parts given. */
export function parts(field: number, ...content: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part as string)));
  return Buffer.concat([tag(field, 2), varint(BigInt(bytes.length)), bytes]);
}

export function group(field: number, ...content: Buffer[]): Buffer {
  return Buffer.concat([tag(field, 3), ...content, tag(field, 4)]);
}

export function groupStart(field: number): Buffer {
  return tag(field, 3);
}

/** A KeyValue with a string. */
export function textAttribute(field: number, key: string, value: string): Buffer {
  return parts(field, parts(1, key), parts(2, parts(1, value)));
}

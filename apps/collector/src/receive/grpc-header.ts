/** Percent-encoded as the protocol wants it: printable ASCII but `%` stays. */
export function percentEncoded(message: string): string {
  let text = '';
  for (const byte of Buffer.from(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    const hex = byte.toString(16).toUpperCase().padStart(2, '0');
    text += plain ? String.fromCharCode(byte) : `%${hex}`;
  }
  return text;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/** The caller's deadline, milliseconds; undefined when it names none. */
export function grpcTimeoutMs(header: string | undefined): number | undefined {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(header ?? '');
  return parts === null ? undefined : Number(parts[1]) * (UNITS_MS[parts[2] as string] ?? 1);
}

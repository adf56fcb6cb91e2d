const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of a JSON body; undefined when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Where segments are kept. */
export interface RingFiles {
  list(): readonly { readonly name: string; readonly bytes: number }[];
  /** Writes a whole file at once; `bytes` are not changed before it resolves. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  read(name: string): Promise<Buffer>;
  remove(name: string): void;
}

/** The few file operations the spool needs, so that a full or failing disk can be tested. */
export interface SpoolFiles {
  /** Names in the spool's folder, which is created when missing. */
  list(): { readonly name: string; readonly bytes: number }[];
  create(name: string): number;
  /** Appends all of `parts`; throws when the disk refuses. */
  append(fd: number, parts: readonly Uint8Array[]): void;
  /** Cuts the file back to `bytes` after a failed append. */
  truncate(fd: number, bytes: number): void;
  sync(fd: number): Promise<void>;
  close(fd: number): void;
  read(name: string): Promise<Buffer>;
  remove(name: string): void;
  /**
   * Puts a block aside that the store refuses, beside the reason why.
   *
   * @returns how many older blocks were removed because too much is aside
   */
  setAside(name: string, reason: string): number;
  /** Names of the files put aside. */
  aside(): string[];
}

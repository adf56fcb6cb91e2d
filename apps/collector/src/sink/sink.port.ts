/** Where blocks of rows go. */
export interface Sink {
  /** Resolves when the rows are stored; a block sent twice under one token counts once. */
  insert(block: SinkBlock, signal: AbortSignal): Promise<void>;
  /** Resolves when the store answers. */
  ping(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface SinkBlock {
  readonly token: string;
  readonly table: string;
  /** Lines of JSONEachRow, in order. */
  readonly parts: readonly Uint8Array[];
}

/** The store understood the block and does not take it: others of its table may fare better. */
export class BlockRefused extends Error {
  override readonly name = 'BlockRefused';
}

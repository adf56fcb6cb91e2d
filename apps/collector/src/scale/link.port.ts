/** What the owner of some spans said to them. */
export type LinkAnswer =
  /** The spans wait in the owner's window now. */
  | { readonly kind: 'taken' }
  /** The owner is there but full. */
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  /** The owner will never take these: another token, a smaller limit. */
  | { readonly kind: 'refused'; readonly message: string };

/** The way to another member: a collector or a worker of this one. */
export interface Link {
  /**
   * Hands over an ExportTraceServiceRequest in protobuf.
   *
   * @param number of the batch: greater than of those before, the same when it is sent again,
   *   so that the member takes it once even if its answer was lost
   * @throws when the member cannot be reached, is stopping, or is not the one that was meant:
   *   `NotTaken` when it is certain that it has not taken the batch
   */
  send(batch: Uint8Array<ArrayBuffer>, number: number, signal: AbortSignal): Promise<LinkAnswer>;
  close(): void;
}

/** The member has not taken a batch and will not, unless it is sent again. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

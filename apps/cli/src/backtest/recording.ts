/** What was recorded of a service, in buckets of ten seconds, oldest first. */
export interface Recording {
  readonly bucketMs: number;
  readonly requests: readonly RequestBucket[];
  readonly gauges: readonly GaugeBucket[];
  readonly samples: readonly LoopRecord[];
}

export interface RequestBucket {
  /** Where the bucket begins. */
  readonly atMs: number;
  readonly requests: number;
  readonly errors: number;
  /** All requests' times together. */
  readonly totalMs: number;
  /** Bucket index of the duration histogram to count. */
  readonly histogram: ReadonlyMap<number, number>;
  /** Instances that served any. */
  readonly instances: number;
}

export interface GaugeBucket {
  readonly atMs: number;
  /** Mean over the instances that reported. */
  readonly value: number;
  readonly instances: number;
}

/** What the controller noted of its own loop. */
export interface LoopRecord {
  readonly atMs: number;
  /** Null: the target could not be read. */
  readonly applied: number | null;
}

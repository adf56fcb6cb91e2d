import { z } from 'zod';
import { duration, level, percent } from './quantity.ts';

const positive = z.number().positive();
const atLeastZero = z.number().min(0);

/** Words of which each may be left out: the law has a default for it. `hpa:` alone will do. */
function optionalWords<Shape extends z.ZodRawShape>(shape: Shape) {
  const words = z.strictObject(shape);
  return words.nullable().transform((given) => given ?? ({} as z.output<typeof words>));
}

const pid = z.strictObject({
  signal: z.string().min(1).default('cpu.utilization'),
  setpoint: level(),
  kp: z.number().min(0).max(2).default(1),
  ki: atLeastZero.default(0),
  kd: atLeastZero.default(0),
});

const onOff = z.boolean().optional();

/** The default law. It takes what it aims at from the policy's objectives. */
const autoscale = optionalWords({
  /** How busy replicas may be: where learning begins, and how far it may go. */
  utilization: z
    .strictObject({
      first: percent({ min: 0.05, max: 0.99 }).optional(),
      least: percent({ min: 0.05, max: 0.99 }).optional(),
      most: percent({ min: 0.05, max: 0.99 }).optional(),
    })
    .optional(),
  /** Nothing is taken away that was needed within this time. */
  hold: duration({ min: 0, max: 3_600_000 }).optional(),
  /** Each can be switched off. */
  terms: z
    .strictObject({
      trend: onOff,
      season: onOff,
      margin: onOff,
      backlog: onOff,
      safeUtilization: onOff,
      guess: onOff,
      harm: onOff,
      trim: onOff,
      slowStart: onOff,
    })
    .optional(),
});

const ratePolicy = z.union([
  z.strictObject({ pods: z.number().int().min(1), period: duration({ max: 1_800_000 }) }),
  z.strictObject({
    percent: percent({ min: 0.01, max: 100 }),
    period: duration({ max: 1_800_000 }),
  }),
]);
const hpaDirection = z.strictObject({
  stabilization: duration({ min: 0, max: 3_600_000 }).optional(),
  policies: z.array(ratePolicy).min(1).max(10).optional(),
  select: z.enum(['max', 'min', 'disabled']).optional(),
  tolerance: percent({ max: 0.99 }).optional(),
});

/** Kubernetes' horizontal pod autoscaler; what is left out is as Kubernetes has it. */
const hpa = optionalWords({
  /** Of the utilisation, in whole percent. */
  target: percent({ min: 0.01 }).optional(),
  tolerance: percent({ max: 0.99 }).optional(),
  behavior: z
    .strictObject({ up: hpaDirection.optional(), down: hpaDirection.optional() })
    .optional(),
});

const stablePanic = z.strictObject({
  /** What is shared among the replicas. */
  metric: z.enum(['inflight', 'rate']).optional(),
  /** Requests inside, or per second, that one replica can take, fully used. */
  capacity: positive,
  utilization: percent({ min: 0.01 }).optional(),
  stableWindow: duration({ min: 6_000, max: 3_600_000 }).optional(),
  panicWindow: duration({ min: 1_000, max: 3_600_000 }).optional(),
  panicThreshold: percent({ min: 1.01, max: 100 }).optional(),
});

const capacity = optionalWords({
  utilization: percent({ min: 0.01 }).optional(),
  /** Requests a replica works on at once. */
  workers: positive.optional(),
  /** Time a request occupies a worker; left out: learned from utilisation and rate. */
  serviceTime: duration({ max: 600_000 }).optional(),
});

const predictive = optionalWords({
  utilization: percent({ min: 0.01 }).optional(),
  /** The cost per request is averaged over this time. */
  costOver: duration({ min: 1_000, max: 3_600_000 }).optional(),
  /** What is usual at this time of the day, or of the week, is watched too. */
  calendar: z.enum(['day', 'week']).optional(),
});

const count = z.number().int();
const hours = z.strictObject({
  /** `Mon-Fri 08:00 - 18:00 Europe/Berlin` */
  when: z.string().min(1),
  min: count.min(0).optional(),
  max: count.min(0).optional(),
});

/** Least and most replicas by the clock; as a law of its own, or around any other. */
export const scheduleWords = z.strictObject({
  windows: z.array(hours).min(1).max(100),
  /** While no window is open. */
  otherwise: hours.omit({ when: true }).optional(),
});

export type ScheduleWords = z.output<typeof scheduleWords>;

const LAWS = { autoscale, pid, hpa, stablePanic, capacity, predictive, schedule: scheduleWords };

/** What a policy says of each law. */
export type ReplicaLawWords = {
  readonly [Kind in keyof typeof LAWS]: z.output<(typeof LAWS)[Kind]>;
};
export type ReplicaLawKind = keyof ReplicaLawWords;

/** One law: its kind, and under the same word its figures. */
export type ReplicaLawPolicy = {
  readonly [Kind in ReplicaLawKind]: { readonly kind: Kind } & Readonly<
    Pick<ReplicaLawWords, Kind>
  >;
}[ReplicaLawKind];

const KINDS = Object.keys(LAWS) as ReplicaLawKind[];

/** `{ hpa: { target: 70% } }`: exactly one law by its name. */
export const replicaLaw = z
  .strictObject({
    autoscale: autoscale.optional(),
    pid: pid.optional(),
    hpa: hpa.optional(),
    stablePanic: stablePanic.optional(),
    capacity: capacity.optional(),
    predictive: predictive.optional(),
    schedule: scheduleWords.optional(),
  })
  .meta({
    description: `exactly one law: ${KINDS.join(', ')}`,
    minProperties: 1,
    maxProperties: 1,
  })
  .transform((given, context): ReplicaLawPolicy => {
    // A word that is no law is told already.
    if (context.issues.length > 0) return z.NEVER;
    const named = KINDS.filter((kind) => given[kind] !== undefined);
    const [kind, second] = named;
    if (kind !== undefined && second === undefined) {
      return { kind, [kind]: given[kind] } as unknown as ReplicaLawPolicy;
    }
    const message =
      kind === undefined
        ? `names no law: there are ${KINDS.join(', ')}`
        : `names ${named.length} laws, ${named.join(' and ')}: a loop has one`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** How a loop goes about its work unless the policy says otherwise. */
export interface ReplicaPace {
  readonly every: number;
  readonly cooldown: { readonly up: number; readonly down: number };
  readonly stepUp: number;
  readonly stepDown: number;
  readonly actionsPerHour: number;
  readonly reversalsPerHour: number;
}

/** Paced by the loop: a step each half minute, down slowly. */
const BY_LOOP: ReplicaPace = {
  every: 30_000,
  cooldown: { up: 60_000, down: 180_000 },
  stepUp: 1,
  stepDown: 0.1,
  actionsPerHour: 12,
  reversalsPerHour: 6,
};

/** The law paces itself: the loop adds no wait and no limit of a step. */
const byLaw = (every: number): ReplicaPace => ({
  every,
  cooldown: { up: 0, down: 0 },
  stepUp: 10,
  stepDown: 1,
  actionsPerHour: 60,
  reversalsPerHour: 12,
});

export const REPLICA_PACE: Readonly<Record<ReplicaLawKind, ReplicaPace>> = {
  autoscale: byLaw(5_000),
  pid: BY_LOOP,
  hpa: byLaw(15_000),
  stablePanic: byLaw(2_000),
  capacity: BY_LOOP,
  predictive: { ...BY_LOOP, every: 15_000 },
  schedule: byLaw(30_000),
};

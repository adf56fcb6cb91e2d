import { z } from 'zod';
import { autonomy } from '../api/common.ts';
import { duration, level, percent } from './quantity.ts';
import { REPLICA_PACE, type ReplicaLawPolicy, replicaLaw, scheduleWords } from './replica-laws.ts';

const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/, 'must be lower case letters, digits, . _ or -');
const serviceName = z.string().min(1).max(256);
const positive = z.number().positive();
const count = z.number().int().min(1);

/** One word for both directions, or one each: `{ up: auto, down: ask }`. */
const autonomyField = z
  .union([autonomy, z.strictObject({ up: autonomy, down: autonomy })])
  .transform((word) => (typeof word === 'string' ? { up: word, down: word } : word));

const processesActuator = z.strictObject({
  processes: z.strictObject({
    url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
    service: serviceName.optional(),
  }),
});
const guardActuator = z.strictObject({ guard: z.strictObject({}).nullable() });

const common = {
  autonomy: autonomyField.prefault('ask'),
  /** A target published to guards is theirs for this long, then they fall back to defaults. */
  lifetime: duration({ min: 1_000 }).prefault('10m'),
};

const replicasWords = z.strictObject({
  /** Left out: the default law, `autoscale`, which aims at the policy's objectives. */
  law: replicaLaw.optional(),
  /** For the law `pid`. */
  hysteresis: z.strictObject({ up: level(), down: level() }).optional(),
  /** Left out, like `cooldown` and the steps: what suits the law (`REPLICA_PACE`). */
  every: duration({ min: 500, max: 3_600_000 }).optional(),
  cooldown: z
    .strictObject({
      up: duration({ min: 0 }).optional(),
      down: duration({ min: 0 }).optional(),
    })
    .prefault({}),
  limits: z.strictObject({
    min: z.number().int().min(0),
    max: count.max(10_000),
    stepUp: percent({ min: 0.01, max: 10 }).optional(),
    stepDown: percent({ min: 0.01, max: 1 }).optional(),
  }),
  /** Least and most by the clock, whatever the law proposes. */
  schedule: scheduleWords.optional(),
  dwell: duration({ min: 0 }).prefault('0'),
  startUp: duration({ min: 0, max: 3_600_000 }).prefault('30s'),
  actuator: processesActuator,
  ...common,
});

const replicasLoop = replicasWords.transform((given, context) => {
  if (context.issues.length > 0) return z.NEVER;
  const { every, cooldown, limits, ...words } = given;
  const law: ReplicaLawPolicy = words.law ?? { kind: 'autoscale', autoscale: {} };
  const pace = REPLICA_PACE[law.kind];
  return {
    ...words,
    law,
    every: every ?? pace.every,
    cooldown: {
      up: cooldown.up ?? pace.cooldown.up,
      down: cooldown.down ?? pace.cooldown.down,
    },
    limits: {
      ...limits,
      stepUp: limits.stepUp ?? pace.stepUp,
      stepDown: limits.stepDown ?? pace.stepDown,
    },
  };
});

const rateLoop = z.strictObject({
  law: z.strictObject({
    latencyBand: z.strictObject({
      p99: duration({ max: 600_000 }),
      band: percent({ min: 0.01, max: 0.9 }).prefault('10%'),
      up: z.number().gt(1).max(2).default(1.1),
      down: z.number().gt(0).lt(1).default(0.9),
    }),
  }),
  every: duration({ min: 500, max: 3_600_000 }).prefault('5s'),
  limits: z.strictObject({ min: positive, max: positive }),
  /** Seconds' worth of the rate that may come at once. */
  burst: duration({ min: 100, max: 60_000 }).prefault('1s'),
  actuator: guardActuator,
  ...common,
});

const weightsLoop = z.strictObject({
  law: z.strictObject({
    feedbackWeights: z
      .strictObject({
        errorFactor: positive.default(10),
        latencyScale: duration({ max: 600_000 }).prefault('1s'),
        errorShare: percent().prefault('70%'),
        newShare: percent({ min: 0.01 }).prefault('20%'),
        minWeight: percent({ max: 0.5 }).prefault('5%'),
        maxRise: percent({ min: 0.01 }).prefault('10%'),
      })
      .nullable()
      .transform((given) => given ?? null),
  }),
  every: duration({ min: 500, max: 3_600_000 }).prefault('10s'),
  actuator: guardActuator,
  ...common,
});

const burnAlert = z.strictObject({
  long: duration(),
  short: duration(),
  factor: positive,
});

const objectives = z
  .strictObject({
    availability: percent({ min: 0.5, max: 0.999999 }).optional(),
    latency: z.strictObject({ p99: duration({ max: 600_000 }) }).optional(),
    window: duration({ min: 60_000 }).prefault('30d'),
    /** Pages when the budget burns this many times too fast in both windows of a pair. */
    burn: z
      .array(burnAlert)
      .min(1)
      .max(4)
      .prefault([
        { long: '1h', short: '5m', factor: 14.4 },
        { long: '6h', short: '30m', factor: 6 },
      ]),
  })
  .prefault({});

const freezeWord = z
  .string()
  .regex(/^(replicas|rate|weights)\.(up|down)$/, 'must be like replicas.down or rate.up');

const playbook = z.strictObject({
  sampling: percent().optional(),
  rate: percent({ min: 0.01 }).optional(),
  weights: z.enum(['equal', 'law']).optional(),
  freeze: z.array(freezeWord).optional(),
});

const modes = z
  .strictObject({
    degraded: playbook.prefault({ sampling: '100%' }),
    floor: playbook.prefault({ rate: '20%', weights: 'equal', freeze: ['replicas.down'] }),
    recovery: z
      .strictObject({
        ramp: z.array(percent()).min(1).max(10).prefault(['10%', '50%', '100%']),
        stableFor: duration({ min: 1_000 }).prefault('5m'),
        validateFor: duration({ min: 0 }).optional(),
      })
      .prefault({}),
    /** How long a trigger must hold before the mode changes; left out: each trigger's own. */
    enterAfter: duration({ min: 0 }).optional(),
    /** How long all triggers must be over before Recovery begins. */
    exitAfter: duration({ min: 0 }).optional(),
  })
  .prefault({});

const sampling = z
  .strictObject({
    /** Spans that `sampling` of a mode keeps beyond the collector's rules, until it is over. */
    budget: count.max(1_000_000_000).default(200_000),
    /** After an action its service is watched more closely for a while; `for: 0`: it is not. */
    afterAction: z
      .strictObject({
        keep: percent().prefault('100%'),
        budget: count.max(1_000_000_000).default(50_000),
        for: duration({ min: 0, max: 3_600_000 }).prefault('3m'),
      })
      .prefault({}),
  })
  .prefault({});

const guards = z
  .strictObject({
    /**
     * Changes of the replica count; rate and weights are steered all the time. Left out: what
     * suits the law (`REPLICA_PACE`).
     */
    actionsPerHour: count.max(1_000).optional(),
    reversalsPerHour: count.max(1_000).optional(),
    evidenceMaxAge: duration({ min: 1_000 }).prefault('30s'),
    freeze: z.array(z.string().min(1)).max(50).default([]),
  })
  .prefault({});

const observe = z
  .strictObject({
    /** What the loops and modes look at. */
    window: duration({ min: 5_000, max: 600_000 }).prefault('20s'),
    /** A gauge, 0 to 1, that tells how busy each instance is; `none` when there is none. */
    saturation: z.string().min(1).default('worker.utilization'),
  })
  .prefault({});

const approvals = z
  .strictObject({
    expireAfter: duration({ min: 5_000, max: 3_600_000 }).prefault('10m'),
    quorum: count.max(5).default(1),
    /** When a change is judged: did it help? */
    verifyAfter: duration({ min: 1_000, max: 3_600_000 }).prefault('2m'),
  })
  .prefault({});

/** The policy file as people write it. Quantities are parsed; relations are checked elsewhere. */
export const policyFile = z.strictObject({
  apiVersion: z.literal('flyball/v1'),
  kind: z.literal('Policy'),
  metadata: z.strictObject({ name }),
  spec: z.strictObject({
    service: serviceName,
    objectives,
    observe,
    loops: z
      .strictObject({
        replicas: replicasLoop.optional(),
        rate: rateLoop.optional(),
        weights: weightsLoop.optional(),
      })
      .prefault({}),
    modes,
    sampling,
    guards,
    approvals,
  }),
});

export type PolicyFile = z.output<typeof policyFile>;
export type Policy = PolicyFile['spec'] & { readonly name: string };
export type ReplicasLoopPolicy = NonNullable<Policy['loops']['replicas']>;
export type RateLoopPolicy = NonNullable<Policy['loops']['rate']>;
export type WeightsLoopPolicy = NonNullable<Policy['loops']['weights']>;
export type PlaybookPolicy = Policy['modes']['degraded'];

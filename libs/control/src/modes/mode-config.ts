import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import type { ModeConfig, ModeConfigInput, Threshold, TriggerId } from './mode.ts';
import { TRIGGER_IDS } from './triggers.ts';

/**
 * Entry thresholds are the mission's; an exit threshold is what Target demands, so that entering
 * and leaving differ. Yes and no count as 1 and 0; OK, SLOW_DOWN and REJECT as 0, 1 and 2.
 * Dwell times are short where the figure is itself a window or a duration.
 */
const DEFAULT_THRESHOLDS: { readonly [id in TriggerId]: Threshold } = {
  'discovery-evidence-old': { enter: 10_000, exit: 8_000, dwellMs: 5_000 },
  'routing-outdated': { enter: 0, exit: 0, dwellMs: 10_000 },
  'health-checks-failing': { enter: 0.1, exit: 0.05, dwellMs: 10_000 },
  'instance-lost': { enter: 0, exit: 0, dwellMs: 5_000 },
  'registry-unreachable': { enter: 300_000, exit: 5_000, dwellMs: 0 },
  // A rolling update has two versions for a while.
  'version-skew': { enter: 1, exit: 1, dwellMs: 60_000 },
  'propagation-slow': { enter: 60_000, exit: 30_000, dwellMs: 0 },
  // Set by a person, for a reason and with an end: no trouble, but not Target either.
  'override-in-force': { enter: null, exit: 0, dwellMs: 0 },
  'config-unreachable': { enter: 0, exit: 0, dwellMs: 10_000 },
  'breaker-open': { enter: 0, exit: 0, dwellMs: 0 },
  'breaker-trips': { enter: 3, exit: 1, dwellMs: 0 },
  'backpressure-slow-down': { enter: 0, exit: 0, dwellMs: 5_000 },
  'concurrency-high': { enter: 0.95, exit: 0.8, dwellMs: 10_000 },
  'burn-rate-page': { enter: 0, exit: 0, dwellMs: 0 },
  'failure-ratio-high': { enter: 0.5, exit: 0.25, dwellMs: 10_000 },
  // Whether a lesser failure ratio is trouble is for the error budget to say.
  'failure-ratio-lasting': { enter: null, exit: 0.05, dwellMs: 0 },
  'backpressure-reject': { enter: 1, exit: 1, dwellMs: 5_000 },
  'load-imbalance': { enter: 1.2, exit: 1.15, dwellMs: 30_000 },
  'instance-out-of-rotation': { enter: 0, exit: 0, dwellMs: 5_000 },
  'one-instance-left': { enter: 0, exit: 0, dwellMs: 10_000 },
  'load-imbalance-severe': { enter: 2, exit: 1.5, dwellMs: 60_000 },
};

/** Throws a ConfigError that names the field. */
export function modeConfig(input: ModeConfigInput = {}): ModeConfig {
  const thresholds = Object.fromEntries(
    TRIGGER_IDS.map((id) => [id, { ...DEFAULT_THRESHOLDS[id], ...input.thresholds?.[id] }]),
  ) as { readonly [id in TriggerId]: Threshold };
  const config: ModeConfig = {
    thresholds,
    evidenceMaxAgeMs: input.evidenceMaxAgeMs ?? 30_000,
    exitDwellMs: input.exitDwellMs ?? 30_000,
    stableForMs: input.stableForMs ?? 300_000,
    validateForMs: input.validateForMs ?? (input.stableForMs ?? 300_000) / 10,
    ramp: input.ramp ?? [0.1, 0.5, 1],
    maxStepMs: input.maxStepMs ?? 60_000,
  };
  validate(config);
  return config;
}

function validate(config: ModeConfig): void {
  for (const id of TRIGGER_IDS) {
    const { enter, exit, dwellMs } = config.thresholds[id];
    requireAtLeastZero(`thresholds.${id}.exit`, exit);
    requireAtLeastZero(`thresholds.${id}.dwellMs`, dwellMs);
    const ordered = enter === null || enter >= exit;
    requireThat(ordered, `thresholds.${id}.enter`, enter, `at least exit (${exit})`);
  }
  requirePositive('evidenceMaxAgeMs', config.evidenceMaxAgeMs);
  requireAtLeastZero('exitDwellMs', config.exitDwellMs);
  requireAtLeastZero('validateForMs', config.validateForMs);
  requirePositive('stableForMs', config.stableForMs);
  requirePositive('maxStepMs', config.maxStepMs);
  const { ramp, stableForMs, validateForMs } = config;
  requireThat(
    validateForMs < stableForMs,
    'validateForMs',
    validateForMs,
    `below stableForMs (${stableForMs})`,
  );
  const rising = ramp.every((share, index) => share > (ramp[index - 1] ?? 0));
  requireThat(rising && ramp.at(-1) === 1, 'ramp', ramp, 'shares that rise from above 0 to 1');
}

import { ADMISSION_SENTENCES } from './admission/sentences.ts';
import type { Decision, Knob } from './decision.ts';
import type { GuardReason, LawReason, Reason } from './reasons.ts';

/** How a person calls and reads the loop's figures. */
export interface Names {
  /** `CPU`. Default "the signal". */
  readonly signal?: string;
  /** `replicas`. Default "the value". */
  readonly knob?: string;
  /** Writes a value of the signal: 0.85 as `85 %`. */
  readonly formatSignal?: (value: number) => string;
}

export interface Words {
  readonly signal: string;
  readonly knob: string;
  /** The value decided on. */
  readonly value: string;
  /** A term as a plain number, or `?` when it is missing. */
  has(term: string): boolean;
  number(term: string): string;
  /** A term in the signal's unit. */
  level(term: string): string;
  /** A term in milliseconds as a duration. */
  duration(term: string): string;
}

export type Sentence = (words: Words) => string;

/** One plain sentence that says why, with the figures it rests on. */
export function explain(decision: Decision<Knob | boolean>, names: Names = {}): string {
  return SENTENCES[decision.reason](wordsFor(decision, names));
}

/** `45 s`, `3 min`, `1.5 h`. */
export function writeDuration(ms: number): string {
  if (ms < 1_000) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 120_000) {
    return `${writeNumber(ms / 1_000)} s`;
  }
  return ms < 7_200_000 ? `${writeNumber(ms / 60_000)} min` : `${writeNumber(ms / 3_600_000)} h`;
}

/** At most three significant digits after the point, none that say nothing. */
export function writeNumber(value: number): string {
  return String(Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3)));
}

function wordsFor(decision: Decision<Knob | boolean>, names: Names): Words {
  const format = names.formatSignal ?? writeNumber;
  const written = (term: string, write: (value: number) => string): string => {
    const value = decision.terms[term];
    return value === undefined ? '?' : write(value);
  };
  return {
    signal: names.signal ?? 'the signal',
    knob: names.knob ?? 'the value',
    value: typeof decision.value === 'number' ? writeNumber(decision.value) : 'the weights',
    has: (term) => decision.terms[term] !== undefined,
    number: (term) => written(term, writeNumber),
    level: (term) => written(term, format),
    duration: (term) => written(term, writeDuration),
  };
}

const LAW_SENTENCES: { readonly [reason in LawReason]: Sentence } = {
  'no-evidence': (w) => `There is no evidence on ${w.signal}, so nothing changes.`,
  'stale-evidence': (w) => `The evidence on ${w.signal} is too old to act on, so nothing changes.`,
  'invalid-measure': (w) => `${capital(w.signal)} came as an impossible figure; it is ignored.`,
  'clock-went-back': () => 'The clock went back, so nothing changes in this step.',
  'same-instant': () => 'No time has passed since the last step, so nothing changes.',
  'above-setpoint': (w) =>
    `${capital(w.signal)} at ${w.level('measured')} is above ` +
    `the setpoint ${w.level('setpoint')}: ${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'below-setpoint': (w) =>
    `${capital(w.signal)} at ${w.level('measured')} is below ` +
    `the setpoint ${w.level('setpoint')}: ${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'within-band': (w) => `${capital(w.signal)} is inside its band; ${w.knob} stays at ${w.value}.`,
  'at-setpoint': (w) => `${capital(w.signal)} is at its setpoint; ${w.knob} stays at ${w.value}.`,
  'capacity-starting': (w) =>
    `${capital(w.signal)} is high, but what is starting brings it to ${w.level('predicted')}.`,
  'capacity-leaving': (w) =>
    `${capital(w.signal)} is low, but what is leaving brings it to ${w.level('predicted')}.`,
  'capacity-need': (w) =>
    `${w.number('ratePerSecond')} requests/s of ${w.duration('serviceTimeMs')} at ` +
    `${w.number('utilization')} use need ${w.value}.`,
  'forecast-need': (w) =>
    `${w.number('forecastPerSecond')} requests/s of ${w.duration('serviceTimeMs')} are forecast ` +
    `for the next ${w.duration('horizonMs')}: at ${w.number('utilization')} use they need ` +
    `${w.value}.`,
  'no-demand': (w) => `Nothing arrives; ${w.value} is the least the law asks for.`,
  tracking: (w) => `A person holds ${w.knob}; the loop follows without acting.`,
  'demand-above': (w) =>
    `${w.number('ratePerSecond')} requests/s come and ${w.number('forecastPerSecond')} are ` +
    `expected in ${w.duration('startupMs')}: ${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'demand-below': (w) =>
    `${w.number('ratePerSecond')} requests/s need ${w.number('need')}, lately at most ` +
    `${w.number('lately')}: ${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'demand-met': (w) =>
    `${w.number('ratePerSecond')} requests/s need ${w.number('need')}; ${w.value} will do.`,
  'needed-lately': (w) =>
    `${w.number('need')} would do now, but ${w.number('lately')} were needed lately; ` +
    `${w.knob} stays at ${w.value}.`,
  doubtful: (w) =>
    `The figures contradict each other or fell silent at once, so ${w.knob} stays at ${w.value}.`,
  'same-count': (w) =>
    `The need comes out as the same whole number: ${w.knob} stays at ${w.value}.`,
  'stabilized-up': (w) =>
    `${w.number('asked')} are asked for now, fewer were a short time ago: ` +
    `${w.value} for the present.`,
  'stabilized-down': (w) =>
    `${w.number('asked')} would do now, more were needed a short time ago: ` +
    `${w.value} for the present.`,
  'off-at-zero': (w) => `At 0 ${w.knob} autoscaling is switched off.`,
  'panic-up': (w) =>
    `A surge needs ${w.number('peak')} where ${w.number('ready')} are ready: ` +
    `${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'panic-hold': (w) =>
    `A surge is not long enough past to take anything away: ${w.knob} stays at ${w.value}.`,
  'shared-need': (w) =>
    `${w.number('stableMean')} are to be shared, ${w.number('target')} for each: ` +
    `${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'grid-row': (w) =>
    `Row ${w.number('row')} of the grid fits: ` +
    `${w.knob} from ${w.number('applied')} to ${w.value}.`,
  'no-row': (w) => `No row of the grid fits; ${w.knob} stays at ${w.value}.`,
  'within-schedule': (w) => `The limits of this hour leave ${w.knob} at ${w.value}.`,
  'latency-high': (w) =>
    `p99 of ${w.duration('p99Ms')} is above ${w.duration('highMs')}: the rate falls to ${w.value}.`,
  'latency-low': (w) =>
    `p99 of ${w.duration('p99Ms')} is below ${w.duration('lowMs')}: the rate grows to ${w.value}.`,
  'rejects-high': (w) =>
    `Requests are rejected although p99 is ${w.duration('p99Ms')}: the rate grows to ${w.value}.`,
  'cpu-high': (w) => `Latency is low but CPU is at ${w.number('cpu')}: the rate stays.`,
  'limit-not-binding': (w) =>
    `Only ${w.number('offeredPerSecond')} requests/s arrive: there is no need to raise the limit.`,
  reweighted: (w) =>
    `Weights follow the scores of ${w.number('judged')} backends, ${w.number('healthy')} healthy.`,
  'too-few-healthy': (w) =>
    `Only ${w.number('healthy')} of ${w.number('judged')} are healthy: all weigh the same.`,
  'no-backends': () => 'There are no backends to weigh.',
  'outliers-out': (w) =>
    `${w.number('ejected')} of ${w.number('backends')} backends are outliers and get no traffic.`,
  'no-outliers': (w) => `None of ${w.number('backends')} backends is an outlier.`,
  'too-many-outliers': (w) =>
    `Only ${w.number('available')} of ${w.number('backends')} would be left: ` +
    `all get traffic, outliers too.`,
  'warming-up': (w) =>
    `${w.number('cold')} of ${w.number('backends')} backends are warming up and get less.`,
  'all-warm': (w) => `All ${w.number('backends')} backends are warm.`,
  'calls-dropped': (w) =>
    `Calls are lost (${w.number('dropRatio')} of them): the limit falls to ${w.value}.`,
  'queue-grows': (w) =>
    `Calls take ${w.duration('latencyMs')} where ${w.duration('baselineMs')} would do: ` +
    `they queue, and the limit falls to ${w.value}.`,
  'queue-steady': (w) =>
    `Calls take ${w.duration('latencyMs')}, which is no queue to speak of: ` +
    `the limit stays at ${w.value}.`,
  'room-to-grow': (w) =>
    `${w.number('inFlight')} calls inside do not queue: the limit grows to ${w.value}.`,
  'limit-unused': (w) =>
    `Only ${w.number('inFlight')} calls are inside: there is no need for more than ${w.value}.`,
  'little-need': (w) =>
    `${w.number('inFlight')} calls are inside and none waits long: ` +
    `the limit grows to ${w.value}.`,
  'throughput-flat': (w) =>
    `More calls inside brought only longer waits: the limit stays at ${w.value}.`,
  'baseline-probe': (w) =>
    `The limit is at ${w.value} for a moment, to see the latency without a queue.`,
  'baseline-known': (w) =>
    `Without a queue calls take ${w.duration('baselineMs')}: the limit is back at ${w.value}.`,
  'success-low': (w) =>
    `${w.number('successes')} of ${w.number('calls')} calls succeeded: ` +
    `${w.value} of them are turned away.`,
  'success-high': (w) =>
    `${w.number('successes')} of ${w.number('calls')} calls succeeded: none is turned away.`,
  'too-few-calls': (w) => `${w.number('calls')} calls are too few to judge; none is turned away.`,
  'queue-has-room': (w) =>
    `${w.number('queued')} of ${w.number('capacity')} places are taken: ${w.value} may come.`,
  'queue-filling': (w) =>
    `${w.number('queued')} of ${w.number('capacity')} places are taken: ` +
    `senders slow down to ${w.value}.`,
  'queue-full': (w) =>
    `${w.number('queued')} of ${w.number('capacity')} places are taken and the queue has been ` +
    `full: nothing may come until it has drained.`,
  'rollout-not-in-force': (w) =>
    `A share of ${w.value} is asked for, ${w.number('applied')} is in force: nothing is judged.`,
  'rollout-watching': (w) => `The new version is watched at a share of ${w.value}.`,
  'rollout-undecided': (w) =>
    `The requests so far cannot tell the new version from the old: the share stays at ${w.value}.`,
  'rollout-advanced': (w) =>
    `The new version is as good as the old: its share grows to ${w.value}.`,
  'rollout-promoted': () => 'The new version has passed and gets all traffic.',
  'rollout-paused': (w) => `The rollout is paused at a share of ${w.value}.`,
  'rollout-inconclusive': (w) =>
    `The evidence is inconclusive: a person decides, the share stays at ${w.value}.`,
  'rollout-errors-worse': () =>
    'The new version fails clearly more often than the old: it is rolled back.',
  'rollout-latency-worse': () =>
    'The new version is clearly slower than the old at p99: it is rolled back.',
  'rollout-rolled-back': () => 'A person has rolled the new version back.',
  'rollout-killed': () => 'The kill switch is thrown: the new version gets no traffic.',
};

const GUARD_SENTENCES: { readonly [reason in GuardReason]: Sentence } = {
  'hand-control': (w) => `A person holds ${w.knob}, so the loop changes nothing.`,
  'evidence-missing': () => 'There is no evidence, so nothing changes.',
  'evidence-stale': (w) =>
    `The evidence is ${w.duration('ageMs')} old, ` +
    `more than ${w.duration('maxAgeMs')}: nothing changes.`,
  'least-without-evidence': (w) =>
    `${capital(w.signal)} is not known now: only the least that limits and clock ask for ` +
    `is reached.`,
  'blind-scale-down': (w) => `Without ${w.signal} nothing is taken away.`,
  'sudden-silence': (w) =>
    `Figures have been zero for ${w.duration('silentMs')}, which is not believed yet: ` +
    `nothing is taken away.`,
  'unconfirmed-drop': (w) => `Less than ${w.value} has not been enough for long enough.`,
  'not-a-number': (w) => `The proposed ${w.knob} is not a usable number; nothing changes.`,
  'frozen-by-mode': (w) => `The operating mode freezes ${w.knob} in this direction.`,
  'freeze-window': () => 'A freeze window is open, so nothing changes.',
  'direction-off': (w) => `The policy switches this direction of ${w.knob} off.`,
  'inside-thresholds': (w) =>
    `${capital(w.signal)} at ${w.level('measured')} is between ` +
    `${w.level('down')} and ${w.level('up')}: nothing moves.`,
  // Weights are many numbers: there is no one change to name.
  'dead-band': (w) =>
    w.has('applied')
      ? `From ${w.number('applied')} to ${w.number('proposed')} is too small a change to make.`
      : `The change of ${w.knob} is too small to make.`,
  'step-up-limit': (w) => `One step up may reach ${w.value}, not ${w.number('proposed')}.`,
  'step-down-limit': (w) => `One step down may reach ${w.value}, not ${w.number('proposed')}.`,
  'at-min': (w) => `${w.number('min')} is the least allowed, not ${w.number('proposed')}.`,
  'at-max': (w) => `${w.number('max')} is the most allowed, not ${w.number('proposed')}.`,
  'cooldown-up': (w) =>
    `The last action was ${w.duration('elapsedMs')} ago; ` +
    `the next up waits for ${w.duration('cooldownMs')}.`,
  'cooldown-down': (w) =>
    `The last action was ${w.duration('elapsedMs')} ago; ` +
    `the next down waits for ${w.duration('cooldownMs')}.`,
  'min-dwell': (w) =>
    `The present value is ${w.duration('elapsedMs')} old ` +
    `and stays for at least ${w.duration('dwellMs')}.`,
  'action-budget': (w) => `${w.number('actions')} actions in the last hour are the most allowed.`,
  'reversal-budget': (w) => `${w.number('reversals')} reversals in an hour are the most allowed.`,
  'scheduled-floor': (w) => `At this hour ${w.number('min')} is the least.`,
  'scheduled-ceiling': (w) => `At this hour ${w.number('max')} is the most.`,
};

const SENTENCES: { readonly [reason in Reason]: Sentence } = {
  ...LAW_SENTENCES,
  ...GUARD_SENTENCES,
  ...ADMISSION_SENTENCES,
};

/** A metric's name, `worker.utilization`, stays as it is. */
function capital(text: string): string {
  if (/^\S+\.\S/.test(text)) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

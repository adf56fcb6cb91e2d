/**
 * The storm: closed loops in which nearly everything that is seen may be wrong, and the question is
 * whether a loop ever does the opposite of what is right.
 *
 *     load --> fluid plant --> samples --> faults --> window, lag --> law --> guards --> actuator
 *
 * A *wrong-direction action* is an action that was carried out, and
 *
 * - down, to so few replicas that the true demand would have kept all of them fully busy and more
 *   (by a twentieth) at *every* moment that the evidence could show, from the beginning of its
 *   window (and at most a minute of age) to the moment the action took effect: whatever the figures
 *   said, they were not of this service; or
 * - up, where more than eight were ready, at least four times as many as the demand, with all that
 *   waited, kept busy at any moment of the last half hour: no figure that a law may remember asked
 *   for it.
 *
 * A *blind* scale-down is one carried out on an observation without the figure that the law cannot
 * do without, or with one that is impossible, of no age or older than 30 s.
 *
 * Honest mistakes are not counted: demand that rises after it was seen, or noise, puts the need of
 * some moment below what was left; a forecast may expect what came before, and be wrong. Zeros that
 * last longer than a quarter of an hour cannot be told from a service that nobody calls; here a run
 * has at most 12 minutes of them.
 *
 * A run is its law and its seed: `npm run bench -- storm --law pid --seed 17` tells it all.
 */
import type { Terms } from '../../decision.ts';
import type { ReplicaObservation } from '../../laws/replicas/observation.ts';
import type { Reason } from '../../reasons.ts';
import { type Pilot, pilotOf, type StormLaw } from './pilots.ts';
import { FluidPlant } from './plant.ts';
import { Sight } from './sight.ts';
import { type StormFault, type Weather, weatherOf } from './weather.ts';

export interface StormAction {
  /** When it was decided, and when it took effect. */
  readonly decidedS: number;
  readonly effectS: number;
  readonly from: number;
  readonly to: number;
  readonly reason: Reason;
  /** Replicas that the demand kept fully busy: least and most of the time in question. */
  readonly least: number;
  readonly most: number;
  readonly verdict: 'right' | 'wrong-down' | 'wrong-up' | 'blind-down';
}

export interface StormRun {
  readonly law: StormLaw;
  readonly seed: number;
  readonly actions: readonly StormAction[];
  readonly wrong: readonly StormAction[];
  readonly blindDowns: number;
  /** Seconds in which more was wanted than those that were there could do. */
  readonly overloadedS: number;
  readonly replicaSeconds: number;
  readonly neededSeconds: number;
  /** Asked for: each decision, in order. */
  readonly log: readonly StormNote[];
}

export interface StormNote {
  readonly atS: number;
  readonly seen: ReplicaObservation;
  readonly need: number;
  readonly proposed: number;
  readonly value: number;
  readonly reason: Reason;
  readonly terms: Terms;
}

const OLDEST_S = 60;
const LOOK_BACK_S = 1_800;
const SHORT = 0.95;
const MUCH_TOO_MANY = 4;
const FEW = 8;
const LATE_S = 40;

export interface StormOptions {
  /** Keeps every decision. Default false. */
  readonly log?: boolean;
  /** Without the guard that doubts silence. Default false. */
  readonly unconfirmed?: boolean;
}

/** Deterministic by law and seed. */
export function runStorm(law: StormLaw, seed: number, options: StormOptions = {}): StormRun {
  return new Storm(law, seed, options).run();
}

/** The command that replays a run. */
export function replayCommand({ law, seed }: Pick<StormRun, 'law' | 'seed'>): string {
  return `npm run bench -- storm --law ${law} --seed ${seed}`;
}

interface Order {
  readonly decidedS: number;
  readonly effectS: number;
  readonly value: number;
  readonly reason: Reason;
  /** Applied and ready when it was decided. */
  readonly applied: number;
  readonly ready: number;
  readonly coverS: number;
  readonly isBlind: boolean;
}

class Storm {
  private readonly law: StormLaw;
  private readonly seed: number;
  private readonly weather: Weather;
  private readonly plant: FluidPlant;
  private readonly sight: Sight;
  private readonly pilot: Pilot;
  /** Replicas that the demand keeps fully busy, by second. */
  private readonly needs: Float64Array;
  /** With all that waits. */
  private readonly wants: Float64Array;
  private readonly actions: StormAction[] = [];
  private readonly log: StormNote[] | null;
  private orders: Order[] = [];
  private applied: number;
  private overloadedS = 0;
  private replicaSeconds = 0;

  constructor(law: StormLaw, seed: number, options: StormOptions) {
    this.law = law;
    this.seed = seed;
    this.weather = weatherOf(seed);
    const { perSecond, serviceMs, workers } = this.weather;
    this.needs = Float64Array.from(perSecond, (rate) => (rate * serviceMs) / 1_000 / workers);
    this.wants = this.needs.slice();
    this.applied = Math.max(2, Math.ceil((this.needs[0] as number) / 0.6));
    this.plant = new FluidPlant(this.weather, this.applied);
    this.sight = new Sight(this.weather);
    const most = 10 + Math.ceil(4 * this.needs.reduce((max, need) => Math.max(max, need), 0));
    const { log = false, unconfirmed = false } = options;
    this.pilot = pilotOf(law, this.weather, { most, unconfirmed });
    this.log = log ? [] : null;
  }

  run(): StormRun {
    for (let second = 0; second < this.weather.seconds; second += 1) this.second(second);
    const judged = (...verdicts: readonly StormAction['verdict'][]) =>
      this.actions.filter(({ verdict }) => verdicts.includes(verdict));
    return {
      law: this.law,
      seed: this.seed,
      actions: this.actions,
      wrong: judged('wrong-down', 'wrong-up'),
      blindDowns: judged('blind-down').length,
      overloadedS: this.overloadedS,
      replicaSeconds: this.replicaSeconds,
      neededSeconds: this.needs.reduce((sum, need) => sum + need, 0),
      log: this.log ?? [],
    };
  }

  private second(second: number): void {
    const faults = this.weather.faults.filter((fault) => isActive(fault, second));
    for (const fault of faults) {
      if (fault.kind === 'clock') this.sight.setClock(fault);
      if (fault.kind === 'crash') this.plant.crash(fault.share, second);
    }
    const sample = this.plant.advance(second);
    this.sight.note(second, sample, faults);
    this.wants[second] = Math.max(
      this.needs[second] as number,
      sample.inFlight / this.weather.workers,
    );
    if ((second + 1) % this.pilot.everyS === 0) this.ask(second, faults);
    this.obey(second);
    this.replicaSeconds += this.applied;
    if (this.plant.ready < (this.needs[second] as number)) this.overloadedS += 1;
  }

  private ask(second: number, faults: readonly StormFault[]): void {
    const observation: ReplicaObservation = {
      nowMs: this.sight.nowMs(second),
      windowMs: 1_000 * this.weather.windowS,
      ...this.sight.at(second, faults),
      applied: this.applied,
      ready: this.plant.ready,
      starting: this.plant.startingCount,
    };
    const { decision, proposed } = this.pilot.decide(observation);
    this.log?.push({
      atS: second,
      seen: observation,
      need: this.needs[second] as number,
      proposed,
      value: decision.value,
      reason: decision.reason,
      terms: decision.terms,
    });
    if (decision.value === this.applied) return;
    const actuator = faults.find((fault) => fault.kind === 'actuator');
    if (actuator?.how === 'refuses') return;
    const ageS = Math.min(OLDEST_S, Math.abs(observation.evidenceAgeMs ?? 0) / 1_000);
    const half = Math.trunc((this.applied + decision.value) / 2);
    const isHalf = actuator?.how === 'halves';
    this.orders.push({
      decidedS: second,
      effectS: second + (actuator?.how === 'late' ? LATE_S : 0),
      value: isHalf ? half : decision.value,
      reason: decision.reason,
      applied: this.applied,
      ready: this.plant.ready,
      coverS: Math.ceil(ageS) + this.weather.windowS,
      isBlind: this.pilot.isBlind(observation),
    });
  }

  private obey(second: number): void {
    while (this.orders[0] !== undefined && this.orders[0].effectS <= second) {
      const order = this.orders[0];
      this.orders = this.orders.slice(1);
      if (order.value !== this.applied) this.carryOut(order, second);
    }
  }

  private carryOut(order: Order, second: number): void {
    const from = this.applied;
    const { value: to, decidedS, reason } = order;
    const least = range(this.needs, decidedS - order.coverS, second, Math.min);
    const most = range(this.wants, decidedS - LOOK_BACK_S, second, Math.max);
    const verdict = verdictOf(order, { least, most });
    this.actions.push({ decidedS, effectS: second, from, to, reason, least, most, verdict });
    this.applied = to;
    this.plant.scaleTo(to, second);
  }
}

/** Both ends included. */
function range(
  values: Float64Array,
  fromS: number,
  toS: number,
  of: (a: number, b: number) => number,
): number {
  return values.subarray(Math.max(0, fromS), toS + 1).reduce((a, b) => of(a, b));
}

function verdictOf(
  { value, applied, ready, isBlind }: Order,
  { least, most }: { readonly least: number; readonly most: number },
): StormAction['verdict'] {
  // By what was applied when it was decided: late orders may overtake each other.
  if (value < applied) {
    if (isBlind) return 'blind-down';
    return value < SHORT * least ? 'wrong-down' : 'right';
  }
  return ready > FEW && ready >= MUCH_TOO_MANY * most ? 'wrong-up' : 'right';
}

function isActive(fault: StormFault, second: number): boolean {
  if (fault.kind === 'clock' || fault.kind === 'crash') return fault.atS === second;
  return second >= fault.fromS && second < fault.toS;
}

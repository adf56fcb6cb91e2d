/**
 * Single flight: of all who miss the same key, one fetches and the others wait for it.
 *
 *     ask   no flight for the key, or its lease is over  -> leader, with a token
 *           a flight is under way                        -> follower, waits at most for the lease
 *           maxFollowers wait already                    -> turned away
 *     done  with the token of the present flight         -> it is over; followers may read
 *           with any other                               -> refused: somebody else leads by now
 *
 * A leader that dies holds nobody up longer than its lease: whoever asks after that leads with a
 * larger token, and the old leader's answer is refused by its smaller one. Failing is being done as
 * well: the next to ask leads. The table of flights has a fixed number of places (plan twice the
 * flights under way); where a key finds none, its caller fetches alone, without the others: too
 * many fetches, never a wrong or a missing answer.
 *
 * Defaults: lease 10 s (longer than the fetch's own time-out), 1,000 followers of one flight,
 * 4,000 places.
 * Regimes: no flight, under way, lease over; alone when there is no place.
 * Stability: open loop, always stable; for one key at most one leader for any lease time, and
 * nobody is told to wait longer than one lease.
 * Source: the stampede guard of caches; the mission's table, row 25.
 */
import {
  type Admission,
  granted,
  IMPOSSIBLE,
  type Machine,
  type MachineInput,
  type MachineStep,
  refused,
} from '../admission/machine.ts';
import { assertNever, requirePositive, requireThat } from '../config.ts';
import {
  hashOf,
  initTable,
  isFull,
  KEY_LENGTH,
  placeIn,
  setAt,
  type Table,
  type TableSet,
  withEntry,
  withoutEntry,
  withSet,
} from '../persistent/table.ts';
import type { AdmissionReason } from '../reasons.ts';

export interface SingleFlightConfig {
  /** Default 10 s. */
  readonly leaseMs?: number;
  /** Waiting for one key. Default 1,000. */
  readonly maxFollowers?: number;
  /** Places in the table, at most 100,000; kept as it began by `retune`. Default 4,000. */
  readonly maxKeys?: number;
  /** Of the keys' hash: anything strangers do not know. Kept by `retune`. Default 0. */
  readonly seed?: number;
}

interface Flight {
  readonly token: number;
  /** The lease ends. */
  readonly untilMs: number;
  readonly followers: number;
}

/** Plain JSON. */
export interface SingleFlightState {
  readonly config: Required<Pick<SingleFlightConfig, 'leaseMs' | 'maxFollowers'>>;
  readonly nextToken: number;
  readonly flights: Table<Flight>;
}

export type SingleFlightInput =
  | ({ readonly kind: 'ask'; readonly key: string } & MachineInput)
  /** The leader's fetch has ended, well or badly. */
  | ({ readonly kind: 'done'; readonly key: string; readonly token: number } & MachineInput);

/** `value` of ask: fetch. False: wait at most `waitMs` for the leader, then ask again. */
export interface SingleFlightOutput extends Admission {
  readonly role: 'leader' | 'follower' | 'alone' | null;
  /** Of the leader; it proves who may store the answer. */
  readonly token: number | null;
}

export const singleFlight: Machine<
  SingleFlightConfig,
  SingleFlightState,
  SingleFlightInput,
  SingleFlightOutput
> = {
  name: 'singleFlight',
  init: (config) => {
    const { maxKeys = 4_000, seed = 0 } = config;
    const flights = initTable('maxKeys', { maxKeys, seed });
    return { config: settingsOf(config), nextToken: 1, flights };
  },
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: SingleFlightConfig): SingleFlightState['config'] {
  const { leaseMs = 10_000, maxFollowers = 1_000 } = config;
  requirePositive('leaseMs', leaseMs);
  const whole = Number.isInteger(maxFollowers) && maxFollowers >= 0;
  requireThat(whole, 'maxFollowers', maxFollowers, 'a whole number, 0 or above');
  return { leaseMs, maxFollowers };
}

type Stepped = MachineStep<SingleFlightState, SingleFlightOutput>;

function step(state: SingleFlightState, input: SingleFlightInput): Stepped {
  const { nowMs } = input;
  if (!Number.isFinite(nowMs)) {
    return { state, output: { ...IMPOSSIBLE, role: null, token: null } };
  }
  const key = input.key.slice(0, KEY_LENGTH);
  const hash = hashOf(state.flights, key);
  const set = setAt(state.flights, hash);
  const found = { key, hash, set, at: placeIn(set, key, hash) };
  switch (input.kind) {
    case 'ask':
      return ask(state, found, nowMs);
    case 'done':
      return done(state, found, input.token);
    default:
      return assertNever(input);
  }
}

interface Found {
  readonly key: string;
  readonly hash: number;
  readonly set: TableSet<Flight>;
  /** Place of the key; -1: it has none. */
  readonly at: number;
}

function ask(state: SingleFlightState, found: Found, nowMs: number): Stepped {
  const { leaseMs, maxFollowers } = state.config;
  const flight = found.set.entries[found.at];
  // A lease never reaches further than its length: the clock may have gone back.
  const waitMs = flight === undefined ? 0 : Math.min(flight.untilMs - nowMs, leaseMs);
  if (flight === undefined || waitMs <= 0) {
    return lead(state, withRoom(found, nowMs), nowMs);
  }
  const { followers, token } = flight;
  const turned = followers >= maxFollowers;
  const kept = { token, untilMs: nowMs + waitMs, followers: turned ? followers : followers + 1 };
  const reason: AdmissionReason = turned ? 'flight-crowded' : 'flight-follower';
  const flights = withSet(state.flights, found.hash, withEntry(found.set, found, kept));
  const answer = refused(reason, waitMs, { followers: kept.followers });
  const role = turned ? null : 'follower';
  return { state: { ...state, flights }, output: { ...answer, role, token: null } };
}

/** For a new key in a full set: the place of a flight whose lease is over. */
function withRoom(found: Found, nowMs: number): Found {
  const { set, at } = found;
  const over =
    at < 0 && isFull(set) ? set.entries.findIndex((flight) => flight.untilMs <= nowMs) : -1;
  return over < 0 ? found : { ...found, set: withoutEntry(set, over) };
}

function lead(state: SingleFlightState, found: Found, nowMs: number): Stepped {
  if (found.at < 0 && isFull(found.set)) {
    const answer = granted('flight-alone', {});
    return { state, output: { ...answer, role: 'alone', token: null } };
  }
  const { leaseMs } = state.config;
  const token = state.nextToken;
  const flight = { token, untilMs: nowMs + leaseMs, followers: 0 };
  const flights = withSet(state.flights, found.hash, withEntry(found.set, found, flight));
  const answer = granted('flight-leader', { token, leaseMs });
  return {
    state: { ...state, nextToken: token + 1, flights },
    output: { ...answer, role: 'leader', token },
  };
}

function done(state: SingleFlightState, { hash, set, at }: Found, token: number): Stepped {
  const flight = set.entries[at];
  if (flight === undefined || flight.token !== token) {
    const answer = refused('flight-not-leader', null, {});
    return { state, output: { ...answer, role: null, token: null } };
  }
  const flights = withSet(state.flights, hash, withoutEntry(set, at));
  const answer = granted('flight-done', { followers: flight.followers });
  return { state: { ...state, flights }, output: { ...answer, role: null, token: null } };
}

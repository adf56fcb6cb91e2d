/** Anything that steps: a law or a machine. */
export interface Steppable<Config, State, Input, Output> {
  readonly name: string;
  init(config: Config): State;
  step(state: State, input: Input): { readonly state: State; readonly output: Output };
}

export interface Moment<Output> {
  readonly index: number;
  readonly nowMs: number;
  /** What the last step gave; null before the first. */
  readonly last: Output | null;
}

/** One run of a law. */
export interface Runner {
  run(steps: number): void;
  /** Of the state, as JSON. */
  size(): number;
  /** The state goes through JSON and back. */
  store(): void;
  /** The last output, as JSON. */
  said(): string;
}

export interface LawBench {
  readonly name: string;
  begin(): Runner;
}

const START_MS = 1_700_000_000_000;

/** `inputAt` must be cheap: its cost counts. */
export function benchOf<Config, State, Input, Output>(
  law: Steppable<Config, State, Input, Output>,
  config: Config,
  everyMs: number,
  inputAt: (moment: Moment<Output>) => Input,
): LawBench {
  return {
    name: law.name,
    begin: () => {
      let state = law.init(config);
      let last: Output | null = null;
      let index = 0;
      return {
        run: (steps) => {
          for (const end = index + steps; index < end; index += 1) {
            const input = inputAt({ index, nowMs: START_MS + index * everyMs, last });
            const step = law.step(state, input);
            state = step.state;
            last = step.output;
          }
        },
        size: () => JSON.stringify(state).length,
        store: () => {
          state = JSON.parse(JSON.stringify(state)) as State;
        },
        said: () => JSON.stringify(last),
      };
    },
  };
}

/** Draws without a pattern, the same in each run: 0 to 1. */
const DRAWS = Float64Array.from({ length: 1_021 }, (_, index) => {
  const wave = Math.sin(index * 12.9898) * 43_758.5453;
  return wave - Math.floor(wave);
});

export function draw(index: number, salt = 0): number {
  return DRAWS[(index + salt * 331) % DRAWS.length] as number;
}

export function between(low: number, high: number, value: number): number {
  return Math.max(low, Math.min(high, value));
}

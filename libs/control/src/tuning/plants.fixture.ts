import type { Plant } from './loop.ts';

export interface FirstOrder {
  readonly gain: number;
  readonly timeConstantMs: number;
  readonly deadTimeMs: number;
  /** The signal and the value it rests at when the run begins. */
  readonly rest?: { readonly measured: number; readonly value: number };
  /** Added to the signal; by the instant. */
  readonly noise?: (atMs: number) => number;
}

/**
 * First order with dead time, solved exactly between the changes of its input:
 * T dy/dt = K (u(t - L) - u0) - (y - y0).
 */
export function firstOrder(plant: FirstOrder): () => Plant {
  const { gain, timeConstantMs, deadTimeMs, rest = { measured: 0, value: 0 }, noise } = plant;
  return () => {
    let nowMs = 0;
    let measured = rest.measured;
    const inputs: { readonly fromMs: number; readonly value: number }[] = [
      { fromMs: Number.NEGATIVE_INFINITY, value: rest.value },
    ];
    return (value, dtMs) => {
      inputs.push({ fromMs: nowMs + deadTimeMs, value });
      const endMs = nowMs + dtMs;
      while (nowMs < endMs) {
        while (inputs.length > 1 && (inputs[1]?.fromMs ?? endMs) <= nowMs) {
          inputs.shift();
        }
        const untilMs = Math.min(endMs, inputs[1]?.fromMs ?? endMs);
        const goal = rest.measured + gain * ((inputs[0]?.value ?? 0) - rest.value);
        const decay = timeConstantMs > 0 ? Math.exp((nowMs - untilMs) / timeConstantMs) : 0;
        measured = goal + (measured - goal) * decay;
        nowMs = untilMs;
      }
      return measured + (noise?.(endMs) ?? 0);
    };
  };
}

/** The signal of one through the other. */
export function inSeries(first: () => Plant, second: () => Plant): () => Plant {
  return () => {
    const head = first();
    const tail = second();
    return (value, dtMs) => tail(head(value, dtMs), dtMs);
  };
}

/** dy/dt = K u(t - L), in steps of the run. */
export function integrator(gainPerS: number, deadTimeMs: number): () => Plant {
  return () => {
    let measured = 0;
    let nowMs = 0;
    const inputs: { readonly fromMs: number; readonly value: number }[] = [];
    return (value, dtMs) => {
      inputs.push({ fromMs: nowMs + deadTimeMs, value });
      while (inputs.length > 1 && (inputs[1]?.fromMs ?? 0) <= nowMs) {
        inputs.shift();
      }
      const active = inputs[0] !== undefined && inputs[0].fromMs <= nowMs ? inputs[0].value : 0;
      measured += (gainPerS * active * dtMs) / 1_000;
      nowMs += dtMs;
      return measured;
    };
  };
}

/** Ultimate gain and period of a first-order plant with dead time: w L + atan(w T) = pi. */
export function ultimateOf(plant: FirstOrder): {
  readonly gain: number;
  readonly periodMs: number;
} {
  const { gain, timeConstantMs, deadTimeMs } = plant;
  let low = 0;
  let high = Math.PI / deadTimeMs;
  for (let halving = 0; halving < 100; halving += 1) {
    const middle = (low + high) / 2;
    if (middle * deadTimeMs + Math.atan(middle * timeConstantMs) < Math.PI) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const ultimateGain = Math.sqrt(1 + (low * timeConstantMs) ** 2) / Math.abs(gain);
  return { gain: ultimateGain, periodMs: (2 * Math.PI) / low };
}

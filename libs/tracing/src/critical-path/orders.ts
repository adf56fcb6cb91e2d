/** What the orders look at; a workspace has it. */
interface Compared {
  /** Upper and lower halves of span ids: the last resort between equals. */
  input: { readonly idHi: Uint32Array; readonly idLo: Uint32Array };
  clipStart: Float64Array;
  clipEnd: Float64Array;
  available: Float64Array;
  localSlack: Float64Array;
}

type Order = (a: number, b: number) => number;

export interface Orders {
  /** Of the walk back: latest end, earliest start, smallest id. */
  readonly walkBack: Order;
  readonly byStart: Order;
  readonly byAvailable: Order;
  readonly bySlack: Order;
}

/** Orders of a span's children. Made once a workspace, so that a trace allocates none. */
export function ordersOf(ws: Compared): Orders {
  return {
    walkBack: (a, b) =>
      ws.clipEnd[b]! - ws.clipEnd[a]! ||
      ws.clipStart[a]! - ws.clipStart[b]! ||
      compareIds(ws.input, a, b),
    byStart: (a, b) => ws.clipStart[a]! - ws.clipStart[b]!,
    byAvailable: (a, b) => ws.available[a]! - ws.available[b]!,
    bySlack: (a, b) => ws.localSlack[a]! - ws.localSlack[b]!,
  };
}

/** `a` before `b` by span id. */
export function compareIds(input: Compared['input'], a: number, b: number): number {
  return input.idHi[a]! - input.idHi[b]! || input.idLo[a]! - input.idLo[b]!;
}

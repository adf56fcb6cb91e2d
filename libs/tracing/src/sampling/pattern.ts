import { type Instruction, PatternError, parsePattern } from './pattern-syntax.ts';

/** Only this much of a text is looked at, in UTF-16 units. */
const MAX_SUBJECT = 4096;

/**
 * A regular expression whose time grows with the length of text and pattern and no faster: all its
 * ways are followed side by side (Thompson 1968), so no pattern and no text can stall the
 * collector. The usual syntax, without what needs going back: no back references, no look-around.
 *
 * Groups `( )` and `(?: )`, alternatives `|`, `* + ? {m,n}`, classes `[a-z]`, `[^…]`, `. \d \w \s
 * \D \W \S`, `^`, `$`, `\b`, escapes, and `(?i)` in front to ignore the case of ASCII letters.
 */
export class Pattern {
  readonly #program: readonly Instruction[];
  #now: StateSet;
  #next: StateSet;

  /** @throws PatternError saying what is wrong, and where */
  constructor(source: string) {
    this.#program = parsePattern(source);
    this.#now = new StateSet(this.#program.length);
    this.#next = new StateSet(this.#program.length);
  }

  /** Whether the pattern is found in the text. */
  test(text: string): boolean {
    const length = Math.min(text.length, MAX_SUBJECT);
    this.#now.clear();
    for (let at = 0; at <= length; at += 1) {
      // A match may begin here too.
      if (this.#follow(this.#now, 0, text, at, length)) return true;
      if (at === length) return false;
      if (this.#step(text, at, length)) return true;
      const spare = this.#now;
      this.#now = this.#next;
      this.#next = spare;
    }
    return false;
  }

  #step(text: string, at: number, length: number): boolean {
    const code = text.charCodeAt(at);
    const { count, members } = this.#now;
    this.#next.clear();
    for (let index = 0; index < count; index += 1) {
      const state = members[index] as number;
      const instruction = this.#program[state] as Instruction;
      if (instruction.kind !== 'unit' || !instruction.accepts(code)) continue;
      if (this.#follow(this.#next, state + 1, text, at + 1, length)) return true;
    }
    return false;
  }

  /** Adds a state and all that it leads to without reading; true when that is the end. */
  #follow(set: StateSet, first: number, text: string, at: number, length: number): boolean {
    const stack = set.stack;
    stack.length = 0;
    stack.push(first);
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      if (!set.add(state)) continue;
      const instruction = this.#program[state] as Instruction;
      switch (instruction.kind) {
        case 'found':
          return true;
        case 'fork':
          stack.push(...instruction.to);
          break;
        case 'assert':
          if (instruction.holds(text, at, length)) stack.push(state + 1);
          break;
        case 'unit':
          break;
      }
    }
    return false;
  }
}

/** States in order of arrival, emptied at no cost. */
class StateSet {
  readonly members: Int32Array;
  readonly stack: number[] = [];
  count = 0;
  readonly #places: Int32Array;

  constructor(size: number) {
    this.members = new Int32Array(size);
    this.#places = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
  }

  /** False when it was there. */
  add(state: number): boolean {
    const place = this.#places[state] as number;
    if (place < this.count && this.members[place] === state) return false;
    this.members[this.count] = state;
    this.#places[state] = this.count;
    this.count += 1;
    return true;
  }
}

/** What is wrong with a pattern, and where; undefined when nothing is. */
export function patternFault(source: string): string | undefined {
  try {
    parsePattern(source);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

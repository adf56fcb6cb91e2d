/** One step of a compiled pattern. */
export type Instruction =
  /** Reads one UTF-16 unit and goes on to the next instruction. */
  | { readonly kind: 'unit'; readonly accepts: (code: number) => boolean }
  /** Goes on to each of these without reading. */
  | { readonly kind: 'fork'; readonly to: readonly number[] }
  /** Goes on to the next instruction where this holds. */
  | {
      readonly kind: 'assert';
      readonly holds: (text: string, at: number, length: number) => boolean;
    }
  | { readonly kind: 'found' };

const MAX_PATTERN = 256;
/** Repetitions are written out: this bounds them. */
const MAX_INSTRUCTIONS = 2000;
const MAX_DEPTH = 50;

export class PatternError extends Error {}

type Node =
  | { kind: 'unit'; accepts: (code: number) => boolean }
  | { kind: 'assert'; holds: (text: string, at: number, length: number) => boolean }
  | { kind: 'sequence'; of: Node[] }
  | { kind: 'choice'; of: Node[] }
  | { kind: 'repeat'; of: Node; min: number; max: number };

/** @throws PatternError */
export function parsePattern(source: string): Instruction[] {
  if (source.length > MAX_PATTERN) {
    throw new PatternError(`is longer than ${MAX_PATTERN} characters`);
  }
  const program: Instruction[] = [];
  emit(new Parser(source).parse(), program);
  program.push({ kind: 'found' });
  return program;
}

function emit(node: Node, program: Instruction[]): void {
  if (program.length > MAX_INSTRUCTIONS) {
    throw new PatternError('repeats too much: write smaller numbers');
  }
  switch (node.kind) {
    case 'unit':
    case 'assert':
      program.push(node);
      return;
    case 'sequence':
      for (const part of node.of) emit(part, program);
      return;
    case 'choice':
      emitChoice(node.of, program);
      return;
    case 'repeat':
      emitRepeat(node, program);
      return;
  }
}

function emitChoice(of: readonly Node[], program: Instruction[]): void {
  const to: number[] = [];
  program.push({ kind: 'fork', to });
  const ends: number[][] = [];
  for (const branch of of) {
    to.push(program.length);
    emit(branch, program);
    const end: number[] = [];
    ends.push(end);
    program.push({ kind: 'fork', to: end });
  }
  for (const end of ends) end.push(program.length);
}

function emitRepeat({ of, min, max }: Node & { kind: 'repeat' }, program: Instruction[]): void {
  for (let time = 0; time < min; time += 1) emit(of, program);
  if (max === Number.POSITIVE_INFINITY) {
    const loop: number[] = [];
    const start = program.length;
    program.push({ kind: 'fork', to: loop });
    loop.push(program.length);
    emit(of, program);
    program.push({ kind: 'fork', to: [start] });
    loop.push(program.length);
    return;
  }
  const skips: number[][] = [];
  for (let time = min; time < max; time += 1) {
    const skip: number[] = [program.length + 1];
    skips.push(skip);
    program.push({ kind: 'fork', to: skip });
    emit(of, program);
  }
  for (const skip of skips) skip.push(program.length);
}

const isDigit = (code: number) => code >= 48 && code <= 57;
const isWord = (code: number) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isSpace = (code: number) => /\s/.test(String.fromCharCode(code));

const CLASSES: Readonly<Record<string, (code: number) => boolean>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
};

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    if (this.#source.startsWith('(?i)')) {
      this.#ignoreCase = true;
      this.#at = 4;
    }
    const node = this.#choice();
    if (this.#at < this.#source.length) throw this.#error('a ) without its (');
    return node;
  }

  #error(what: string): PatternError {
    return new PatternError(`${what} at character ${this.#at + 1}`);
  }

  #peek(): string {
    return this.#source[this.#at] ?? '';
  }

  #choice(): Node {
    const of = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at += 1;
      of.push(this.#sequence());
    }
    return of.length === 1 ? (of[0] as Node) : { kind: 'choice', of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') {
      of.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', of };
  }

  #repeated(of: Node): Node {
    const bounds = this.#bounds();
    if (bounds === undefined) return of;
    // Whether much or little is taken makes no difference to whether there is a match.
    if (this.#peek() === '?') this.#at += 1;
    if (/^[*+?]$/.test(this.#peek())) throw this.#error('a second repetition');
    return { kind: 'repeat', of, ...bounds };
  }

  #bounds(): { min: number; max: number } | undefined {
    const sign = this.#peek();
    const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[sign];
    if (simple !== undefined) {
      this.#at += 1;
      return { min: simple[0] as number, max: simple[1] as number };
    }
    const counted = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#source.slice(this.#at));
    if (counted === null) return undefined;
    const min = Number(counted[1]);
    const open = counted[3] === undefined ? Infinity : Number(counted[3]);
    const max = counted[2] === undefined ? min : open;
    if (max < min) throw this.#error('numbers out of order');
    this.#at += counted[0].length;
    return { min, max };
  }

  #atom(): Node {
    const sign = this.#peek();
    this.#at += 1;
    switch (sign) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '.':
        return { kind: 'unit', accepts: (code) => code !== 10 && code !== 13 };
      case '^':
        return { kind: 'assert', holds: (_text, at) => at === 0 };
      case '$':
        return { kind: 'assert', holds: (_text, at, length) => at === length };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        this.#at -= 1;
        throw this.#error(`nothing for ${sign} to repeat`);
      default:
        return this.#literal(sign);
    }
  }

  #group(): Node {
    if (this.#depth >= MAX_DEPTH) throw this.#error('groups nested too deep');
    if (this.#peek() === '?') {
      if (this.#source[this.#at + 1] !== ':') {
        throw this.#error('only (?: ) is known, no look-around and no names');
      }
      this.#at += 2;
    }
    this.#depth += 1;
    const node = this.#choice();
    this.#depth -= 1;
    if (this.#peek() !== ')') throw this.#error('a ( without its )');
    this.#at += 1;
    return node;
  }

  #escape(): Node {
    const sign = this.#peek();
    this.#at += 1;
    if (sign === 'b') return { kind: 'assert', holds: atWordBoundary };
    const known = CLASSES[sign];
    if (known !== undefined) return { kind: 'unit', accepts: known };
    return this.#literal(this.#escaped(sign));
  }

  #escaped(sign: string): string {
    const control = CONTROLS[sign];
    if (control !== undefined) return control;
    if (sign === '' || /[a-zA-Z0-9]/.test(sign)) {
      this.#at -= 1;
      throw this.#error(`\\${sign} is not known`);
    }
    return sign;
  }

  #literal(sign: string): Node {
    const wanted = sign.charCodeAt(0);
    return { kind: 'unit', accepts: this.#folded((code) => code === wanted) };
  }

  #class(): Node {
    const negated = this.#peek() === '^';
    if (negated) this.#at += 1;
    const tests: ((code: number) => boolean)[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#source.length) throw this.#error('a [ without its ]');
      tests.push(this.#member());
    }
    this.#at += 1;
    const inside = this.#folded((code) => tests.some((test) => test(code)));
    return { kind: 'unit', accepts: negated ? (code) => !inside(code) : inside };
  }

  #member(): (code: number) => boolean {
    const from = this.#unit();
    if (typeof from === 'function') return from;
    const ranges = this.#peek() === '-' && !['', ']'].includes(this.#source[this.#at + 1] ?? '');
    if (!ranges) return (code) => code === from;
    this.#at += 1;
    const to = this.#unit();
    if (typeof to === 'function' || to < from) throw this.#error('a range out of order');
    return (code) => code >= from && code <= to;
  }

  #unit(): number | ((code: number) => boolean) {
    const sign = this.#peek();
    this.#at += 1;
    if (sign !== '\\') return sign.charCodeAt(0);
    const escaped = this.#peek();
    this.#at += 1;
    return CLASSES[escaped] ?? this.#escaped(escaped).charCodeAt(0);
  }

  #folded(test: (code: number) => boolean): (code: number) => boolean {
    if (!this.#ignoreCase) return test;
    return (code) => test(code) || (isLetter(code) && test(code ^ 32));
  }
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function atWordBoundary(text: string, at: number, length: number): boolean {
  const before = at > 0 && isWord(text.charCodeAt(at - 1));
  return before !== (at < length && isWord(text.charCodeAt(at)));
}

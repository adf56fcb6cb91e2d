import { Failure } from './failure.ts';

/** What the interface must know about a statement before the engine sees it. */
export interface Statement {
  /** First word in capitals: SELECT, INSERT, CREATE ... '' when there is none. */
  verb: string;
  /** Output (or, for an insert, input) format named in the text. */
  format: string | undefined;
  insert: InsertShape | undefined;
}

/** Where the data of an insert begins, if it takes any. */
export interface InsertShape {
  /** `rows`: data follows. `select`: the engine makes the rows. */
  source: 'rows' | 'select';
  /** Offset of the first byte after the statement's head. */
  dataAt: number;
  /** True when neither VALUES, FORMAT nor SELECT says how the rows are written. */
  needsFormat: boolean;
}

interface Token {
  kind: 'word' | 'name' | 'text' | 'sign';
  value: string;
  end: number;
}

/**
 * Looks at the tokens of a statement (quotes, comments and brackets respected).
 *
 * @throws Failure for a second statement, and for INTO OUTFILE and FROM INFILE, which would touch
 *   files of this machine on behalf of somebody elsewhere
 */
export function readStatement(sql: string): Statement {
  const tokens = tokenize(sql);
  const first = tokens.next().value;
  const verb = first?.kind === 'word' ? first.value.toUpperCase() : (first?.value ?? '');
  if (verb === 'INSERT') return readInsert(tokens, sql.length);
  let format: string | undefined;
  let previous = '';
  let depth = first ? depthOf(first.value) : 0;
  let ended = false;
  let settings = false;
  for (const token of tokens) {
    if (token.kind === 'sign') depth += depthOf(token.value);
    if (ended) throw multipleStatements();
    if (token.value === ';' && depth === 0) ended = true;
    const word = token.kind === 'word' ? token.value.toUpperCase() : '';
    refuseFiles(previous, word);
    if (previous === 'FORMAT' && depth === 0 && word !== '') format = token.value;
    // FORMAT is a clause only where nothing but SETTINGS follows it, else the name of a column.
    else if (!settings && word !== 'SETTINGS' && token.value !== ';') format = undefined;
    settings = (settings || word === 'SETTINGS') && format !== undefined;
    previous = word;
  }
  return { verb, format, insert: undefined };
}

function readInsert(tokens: Generator<Token, undefined>, length: number): Statement {
  let format: string | undefined;
  let selects = false;
  let depth = 0;
  let seen = 0;
  let previous = '';
  for (const token of tokens) {
    const word = token.kind === 'word' ? token.value.toUpperCase() : '';
    if (token.kind === 'sign') depth += depthOf(token.value);
    refuseFiles(previous, word);
    // The first words are INTO, perhaps TABLE or FUNCTION, and a name that may be any word.
    const head = seen < 2 || previous === 'TABLE' || previous === 'FUNCTION' || previous === '.';
    if (!head && depth === 0 && previous === 'FORMAT' && token.kind === 'word') {
      format = token.value;
      const source = selects ? 'select' : 'rows';
      return { verb: 'INSERT', format, insert: { source, dataAt: token.end, needsFormat: false } };
    }
    if (!head && depth === 0 && word === 'VALUES' && !selects) {
      const insert: InsertShape = { source: 'rows', dataAt: token.end, needsFormat: false };
      return { verb: 'INSERT', format: 'Values', insert };
    }
    if (!head && (word === 'SELECT' || word === 'WITH') && previous !== '.') selects = true;
    if (token.value === ';' && depth === 0) break;
    seen++;
    const isName = head && seen > 1 && word !== 'TABLE' && word !== 'FUNCTION';
    previous = token.kind === 'word' ? (isName ? '' : word) : token.value;
  }
  const source = selects ? 'select' : 'rows';
  return { verb: 'INSERT', format, insert: { source, dataAt: length, needsFormat: !selects } };
}

function refuseFiles(previous: string, word: string): void {
  if ((previous === 'INTO' && word === 'OUTFILE') || (previous === 'FROM' && word === 'INFILE')) {
    const message = `${previous} ${word} is not allowed over HTTP`;
    throw new Failure(48, 'NOT_IMPLEMENTED', message);
  }
}

function multipleStatements(): Failure {
  return new Failure(
    62,
    'SYNTAX_ERROR',
    'Syntax error (Multi-statements are not allowed): send one statement in each request',
  );
}

function depthOf(sign: string): number {
  if (sign === '(' || sign === '[' || sign === '{') return 1;
  if (sign === ')' || sign === ']' || sign === '}') return -1;
  return 0;
}

const SPACE = /\s+/y;
const COMMENT = /--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /[A-Za-z_][A-Za-z0-9_$]*|[0-9][A-Za-z0-9_.]*/y;
const QUOTED = /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`\\]|\\[\s\S]|``)*`/y;
const HEREDOC = /\$([A-Za-z0-9_]*)\$[\s\S]*?\$\1\$/y;

function* tokenize(sql: string): Generator<Token, undefined> {
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const skipped = match(SPACE) ?? match(COMMENT);
    if (skipped) {
      at += skipped.length;
      continue;
    }
    const word = match(WORD);
    const quoted = word === undefined ? (match(QUOTED) ?? match(HEREDOC)) : undefined;
    const value = word ?? quoted ?? sql.charAt(at);
    at += value.length;
    yield { kind: kindOf(word, quoted), value, end: at };
  }
  return undefined;
}

function kindOf(word: string | undefined, quoted: string | undefined): Token['kind'] {
  if (word !== undefined) return 'word';
  if (quoted === undefined) return 'sign';
  return quoted.startsWith("'") || quoted.startsWith('$') ? 'text' : 'name';
}

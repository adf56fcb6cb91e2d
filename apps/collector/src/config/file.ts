import { readFileSync } from 'node:fs';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { fieldsAt } from './json-schema.ts';
import { type CollectorConfig, configSchema } from './schema.ts';
import { hint } from './suggest.ts';

/** One fault of a configuration file. */
export interface ConfigFault {
  readonly file: string;
  /** From 1; 0 when the fault has no place in the file. */
  readonly line: number;
  readonly column: number;
  /** e.g. `sampling.rules[1].keep`; '' for the whole file. */
  readonly field: string;
  readonly message: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: CollectorConfig }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

type Path = readonly PropertyKey[];

function fieldOf(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** The place of a field, or of the nearest parent that is written in the file. */
function placeOf(document: Document, lines: LineCounter, path: Path) {
  for (let length = path.length; length >= 0; length--) {
    const node =
      length === 0 ? document.contents : document.getIn(path.slice(0, length) as unknown[], true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return { line: 0, column: 0 };
}

/** A strange key has a place of its own, its value may have none. */
function placeOfKey(document: Document, lines: LineCounter, path: Path, key: string) {
  const parent = path.length === 0 ? document.contents : document.getIn(path as unknown[], true);
  const items = (parent as { items?: { key?: { value?: unknown; range?: number[] } }[] })?.items;
  const range = items?.find((item) => item.key?.value === key)?.key?.range;
  if (range?.[0] === undefined) return placeOf(document, lines, path);
  const { line, col } = lines.linePos(range[0]);
  return { line, column: col };
}

/** Of a union's branches the one that came furthest says what is wrong. */
function flatten(issues: readonly z.core.$ZodIssue[], above: Path = []): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ ...issue, path }];
    const branches = issue.errors.map((branch) => flatten(branch, path));
    const depth = (branch: z.core.$ZodIssue[]) => Math.max(...branch.map((i) => i.path.length));
    return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best));
  });
}

/** What a misspelt field leaves missing is not a second fault. */
function withoutFollowUps(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const strange = new Set(
    issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => fieldOf(path)),
  );
  return issues.filter(({ code, path }) => code !== 'custom' || !strange.has(fieldOf(path)));
}

function faultsOf(
  file: string,
  document: Document,
  lines: LineCounter,
  issues: readonly z.core.$ZodIssue[],
): ConfigFault[] {
  return withoutFollowUps(flatten(issues)).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = fieldsAt(issue.path);
      return issue.keys.map((key) => ({
        file,
        ...placeOfKey(document, lines, issue.path, key),
        field: fieldOf([...issue.path, key]),
        message: `there is no such field${hint(key, known)}`,
      }));
    }
    const value = issue.path.length === 0 ? undefined : document.getIn(issue.path as unknown[]);
    const written = ['string', 'number', 'boolean'].includes(typeof value)
      ? `${JSON.stringify(value)}: `
      : '';
    const message = issue.code === 'custom' ? issue.message : `${written}${issue.message}`;
    return [{ file, ...placeOf(document, lines, issue.path), field: fieldOf(issue.path), message }];
  });
}

/** Checks the text of a configuration file; every fault at once, with its place. */
export function parseConfig(text: string, file: string): ConfigResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      const message = error.message.split(' at line ')[0] as string;
      return { file, line, column: col, field: '', message };
    });
    return { ok: false, faults };
  }
  const result = configSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (result.success) return { ok: true, config: result.data };
  const faults = faultsOf(file, document, lines, result.error.issues);
  faults.sort((left, right) => left.line - right.line || left.column - right.column);
  return { ok: false, faults };
}

/** Reads and checks a file. An unreadable file is a fault too. */
export function readConfig(file: string): ConfigResult {
  try {
    return parseConfig(readFileSync(file, 'utf8'), file);
  } catch (error) {
    const { message } = error as Error;
    return { ok: false, faults: [{ file, line: 0, column: 0, field: '', message }] };
  }
}

/** The configuration in a file, or the built-in one without. */
export function configFor(file: string | undefined): ConfigResult {
  return file === undefined ? { ok: true, config: defaultConfig() } : readConfig(file);
}

/** The built-in configuration: every default, the mission's rules. */
export function defaultConfig(): CollectorConfig {
  return configSchema.parse({});
}

/** `collector.yaml:12:11: sampling.rules[1].keep: 150% is above the bound 100%` */
export function faultText({ file, line, column, field, message }: ConfigFault): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return field === '' ? `${place}: ${message}` : `${place}: ${field}: ${message}`;
}

import { type Document, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { relationFaults } from './relations.ts';
import { type Policy, policyFile } from './schema.ts';
import { keysAt, nearest } from './suggest.ts';

/** What is wrong with a policy file, where, and what would be right. */
export interface PolicyError {
  readonly file: string;
  /** From 1; null when the fault has no place (a missing file). */
  readonly line: number | null;
  readonly column: number | null;
  /** `spec.loops.replicas.limits.min`; '' is the whole file. */
  readonly field: string;
  readonly message: string;
}

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

export interface PolicySource {
  readonly file: string;
  readonly text: string;
  /** What `${NAME}` and `${NAME:-default}` in the file stand for. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

type Path = readonly PropertyKey[];

/** Reads one policy file. All faults are told at once, each with its line. */
export function parsePolicy(source: PolicySource): PolicyResult {
  const lines = new LineCounter();
  const expanded = expandVariables(source);
  if (!expanded.ok) return expanded;
  const document = parseDocument(expanded.text, { lineCounter: lines, prettyErrors: false });
  const fault = (path: Path, message: string, key = false): PolicyError => ({
    file: source.file,
    field: path.map(String).join('.'),
    message,
    ...placeOf(document, lines, path, key),
  });
  if (document.errors.length > 0) {
    return {
      ok: false,
      errors: document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { file: source.file, line, column: col, field: '', message: error.message };
      }),
    };
  }
  const parsed = policyFile.safeParse(document.toJS());
  if (!parsed.success) {
    const errors = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => fault([...issue.path, key], unknownField(issue.path, key), true))
        : [fault(issue.path, messageOf(issue, document))],
    );
    return { ok: false, errors };
  }
  const policy = { ...parsed.data.spec, name: parsed.data.metadata.name };
  const errors = relationFaults(policy).map(({ path, message }) => fault(path, message));
  return errors.length > 0 ? { ok: false, errors } : { ok: true, policy };
}

/** `checkout.yaml:12:7: spec.loops.replicas.limits.min: 9 must not be above max, 3` */
export function formatPolicyError(error: PolicyError): string {
  const place = error.line === null ? error.file : `${error.file}:${error.line}:${error.column}`;
  return error.field === ''
    ? `${place}: ${error.message}`
    : `${place}: ${error.field}: ${error.message}`;
}

/** JSON Schema (draft 2020-12) of the file as people write it, for editors. */
export function policyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(policyFile, { io: 'input', unrepresentable: 'any' });
}

function expandVariables(
  source: PolicySource,
): { ok: true; text: string } | { ok: false; errors: PolicyError[] } {
  const errors: PolicyError[] = [];
  const lines = source.text.split('\n').map((text, index) =>
    text.replace(/\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}/g, (whole, name, fallback, at) => {
      const value = source.variables?.[name] ?? fallback;
      if (value !== undefined) return value;
      const message = `${whole} is not set: set ${name}, or give a default as \${${name}:-value}`;
      errors.push({ file: source.file, line: index + 1, column: at + 1, field: '', message });
      return '';
    }),
  );
  return errors.length > 0 ? { ok: false, errors } : { ok: true, text: lines.join('\n') };
}

function unknownField(path: Path, key: string): string {
  const known = keysAt(policyFile, path);
  const meant = nearest(key, known);
  if (meant !== null) return `is not a field here: did you mean ${meant}?`;
  return known.length === 0
    ? 'is not a field here'
    : `is not a field here: the fields are ${known.join(', ')}`;
}

function messageOf(issue: z.core.$ZodIssue, document: Document): string {
  const node = document.getIn(issue.path, true);
  const value = isScalar(node) ? JSON.stringify(node.value) : undefined;
  if (issue.code === 'invalid_union') {
    const choices = new Set(issue.errors.flat().map((inner) => inner.message));
    return `${value ?? 'this'} does not fit: ${[...choices].join(', or ')}`;
  }
  if (node === undefined) return 'is missing';
  // Messages of our own quote the value already.
  if (issue.code === 'custom' || value === undefined) return issue.message;
  return `${value}: ${issue.message}`;
}

/** Where a field stands; a missing one stands where its nearest parent does. */
function placeOf(
  document: Document,
  lines: LineCounter,
  path: Path,
  key: boolean,
): { line: number | null; column: number | null } {
  for (let length = path.length; length >= 0; length--) {
    const offset = key
      ? keyOffset(document, path.slice(0, length))
      : valueOffset(document, path.slice(0, length));
    if (offset !== null) {
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function valueOffset(document: Document, path: Path): number | null {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  const range = (node as { range?: readonly number[] } | null | undefined)?.range;
  return range?.[0] ?? null;
}

function keyOffset(document: Document, path: Path): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = (parent as { items?: { key?: unknown }[] } | null | undefined)?.items ?? [];
  for (const { key } of items) {
    if (isScalar(key) && String(key.value) === String(path.at(-1))) return key.range?.[0] ?? null;
  }
  return null;
}

import type { Condition, Rule, SamplingRules } from './rules.ts';

export interface FieldError {
  /** Path in the input, e.g. `rules[2].probability`. */
  field: string;
  /** What is wrong and what is allowed. */
  message: string;
}

const MAX_RULES = 1000;
const MAX_NESTING = 20;

type Fields = Record<string, unknown>;

/** Checks plain data, e.g. parsed YAML. All errors are found, not only the first. */
export function validateRules(
  input: unknown,
): { ok: true; rules: SamplingRules } | { ok: false; errors: FieldError[] } {
  const check = new RuleCheck();
  const rules = check.rules(input);
  return check.errors.length === 0
    ? { ok: true, rules: { rules } }
    : { ok: false, errors: check.errors };
}

class RuleCheck {
  readonly errors: FieldError[] = [];

  rules(input: unknown): Rule[] {
    const fields = this.#object(input, '', ['rules']);
    if (fields === undefined) return [];
    const list = this.#list(fields.rules, 'rules');
    if (list.length > MAX_RULES) {
      this.#error('rules', `has ${list.length} entries; at most ${MAX_RULES} are allowed`);
    }
    const names = new Map<string, number>();
    return list.slice(0, MAX_RULES).map((item, index) => {
      const rule = this.#rule(item, `rules[${index}]`);
      const earlier = names.get(rule.name);
      if (earlier !== undefined) {
        this.#error(`rules[${index}].name`, `is already the name of rules[${earlier}]`);
      }
      names.set(rule.name, index);
      return rule;
    });
  }

  #rule(input: unknown, path: string): Rule {
    const fields = this.#object(input, path, ['name', 'when', 'probability']) ?? {};
    const rule: Rule = {
      name: this.#text(fields.name, `${path}.name`),
      probability: this.#number(fields.probability, `${path}.probability`, 0, 1),
    };
    if (fields.when !== undefined) rule.when = this.#condition(fields.when, `${path}.when`, 0);
    return rule;
  }

  #condition(input: unknown, path: string, depth: number): Condition {
    const nothing: Condition = { kind: 'error' };
    if (depth > MAX_NESTING) {
      this.#error(path, `is nested deeper than ${MAX_NESTING} levels`);
      return nothing;
    }
    const fields = this.#object(input, path, ['kind', 'aboveMs', 'anyOf', 'key', 'atLeast', 'of']);
    switch (fields?.kind) {
      case 'error':
        return { kind: 'error' };
      case 'latency':
        return { kind: 'latency', aboveMs: this.#number(fields.aboveMs, `${path}.aboveMs`, 0) };
      case 'service':
        return { kind: 'service', anyOf: this.#texts(fields.anyOf, `${path}.anyOf`) };
      case 'operation':
        return { kind: 'operation', anyOf: this.#texts(fields.anyOf, `${path}.anyOf`) };
      case 'attribute':
        return this.#attribute(fields, path);
      case 'span_count':
        return {
          kind: 'span_count',
          atLeast: this.#number(fields.atLeast, `${path}.atLeast`, 1),
        };
      case 'all':
        return { kind: 'all', of: this.#conditions(fields.of, `${path}.of`, depth) };
      case 'any':
        return { kind: 'any', of: this.#conditions(fields.of, `${path}.of`, depth) };
      case 'not':
        return { kind: 'not', of: this.#condition(fields.of, `${path}.of`, depth + 1) };
      default:
        if (fields !== undefined) this.#error(`${path}.kind`, `must be one of ${KINDS}`);
        return nothing;
    }
  }

  #attribute(fields: Fields, path: string): Condition {
    const key = this.#text(fields.key, `${path}.key`);
    if (fields.anyOf === undefined) return { kind: 'attribute', key };
    return { kind: 'attribute', key, anyOf: this.#texts(fields.anyOf, `${path}.anyOf`) };
  }

  #conditions(input: unknown, path: string, depth: number): Condition[] {
    return this.#list(input, path).map((item, index) =>
      this.#condition(item, `${path}[${index}]`, depth + 1),
    );
  }

  #object(input: unknown, path: string, known: readonly string[]): Fields | undefined {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      this.#error(path, 'must be an object');
      return undefined;
    }
    for (const name of Object.keys(input)) {
      if (known.includes(name)) continue;
      const field = path === '' ? name : `${path}.${name}`;
      this.#error(field, `is not known here; known are ${known.join(', ')}`);
    }
    return input as Fields;
  }

  #list(input: unknown, path: string): unknown[] {
    if (Array.isArray(input) && input.length > 0) return input;
    this.#error(path, 'must be a list with at least one entry');
    return [];
  }

  #texts(input: unknown, path: string): string[] {
    return this.#list(input, path).map((item, index) => this.#text(item, `${path}[${index}]`));
  }

  #text(input: unknown, path: string): string {
    if (typeof input === 'string' && input !== '') return input;
    this.#error(path, 'must be a text that is not empty');
    return '';
  }

  #number(input: unknown, path: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
    if (typeof input === 'number' && input >= min && input <= max) return input;
    const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    this.#error(path, `must be a number ${bound}`);
    return min;
  }

  #error(field: string, message: string): void {
    this.errors.push({ field, message });
  }
}

const KINDS = 'error, latency, service, operation, attribute, span_count, all, any, not';

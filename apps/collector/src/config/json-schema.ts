import { z } from 'zod';
import { configSchema } from './schema.ts';

/** What is used here of a JSON Schema. */
interface Node {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly $defs?: Readonly<Record<string, Node>>;
}

/** The JSON Schema of the configuration file, for editors: made from what checks the file. */
export function configJsonSchema(): object {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    title: 'Flyball collector',
    description: 'The file that FLYBALL_COLLECTOR_CONFIG names. Everything in it has a default.',
  };
}

/** The fields that may stand at a place of the file. */
export function fieldsAt(path: readonly PropertyKey[]): string[] {
  const root = configJsonSchema() as Node;
  const nodes = path.reduce<Node[]>(
    (above, key) => above.flatMap((node) => below(node, key, root)),
    branches(root, root),
  );
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}

function below(node: Node, key: PropertyKey, root: Node): Node[] {
  const child =
    typeof key === 'number'
      ? (node.prefixItems?.[key] ?? node.items)
      : node.properties?.[String(key)];
  return child === undefined ? [] : branches(child, root);
}

/** The node itself, or all it may be instead. */
function branches(node: Node, root: Node): Node[] {
  if (node.$ref !== undefined) {
    const named = root.$defs?.[node.$ref.split('/').at(-1) ?? ''];
    return named === undefined ? [] : branches(named, root);
  }
  const choices = [...(node.anyOf ?? []), ...(node.allOf ?? [])];
  return [node, ...choices.flatMap((choice) => branches(choice, root))];
}

import { checkMessage, hasTooManyParts, RESOURCE_SHAPE, SCOPE_SHAPE, type Shape } from './check.ts';
import type { ItemBudget } from './item-budget.ts';
import { Pieces } from './pieces.ts';
import { UNKNOWN_SERVICE } from './resource.ts';
import { type AttributeMap, attributeMap, readBytes, readKeyValue, readText } from './value.ts';
import { WireReader } from './wire.ts';

/** Where metric points and log records come from: the columns their tables share. */
export interface Origin {
  ResourceAttributes: AttributeMap;
  ResourceSchemaUrl: string;
  ScopeName: string;
  ScopeVersion: string;
  ScopeAttributes: AttributeMap;
  ScopeDroppedAttrCount: number;
  ScopeSchemaUrl: string;
  ServiceName: string;
}

/** One scope of one resource, with what it holds. */
export interface Scoped {
  origin: Origin;
  /** Metrics or log records, as slices of the body. */
  items: Uint8Array[];
  /** Why nothing of it can be taken, or undefined. */
  fault: string | undefined;
}

const ABOUT = 0x0a;
const ITEM = 0x12;
const SCHEMA_URL = 0x1a;
const SCOPE_ATTRIBUTE = 0x1a;

/**
 * Request, resource and scope level of ExportMetrics- and ExportLogsServiceRequest. Everything on
 * these levels and the items themselves count against `budget`.
 */
export function readEnvelope(bytes: Uint8Array, budget: ItemBudget): Scoped[] {
  const scoped: Scoped[] = [];
  const reader = new WireReader(bytes);
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === ABOUT) {
      budget.take();
      readResource(readBytes(reader, bytes.length), scoped, budget);
    } else reader.skip(tag, bytes.length);
  }
  return scoped;
}

interface Container {
  about: Pieces;
  items: Uint8Array[];
  schemaUrl: string;
}

function readContainer(bytes: Uint8Array, budget: ItemBudget): Container {
  const reader = new WireReader(bytes);
  const container: Container = { about: new Pieces(), items: [], schemaUrl: '' };
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === ABOUT) container.about.add(readBytes(reader, bytes.length));
    else if (tag === ITEM) {
      budget.take();
      container.items.push(readBytes(reader, bytes.length));
    } else if (tag === SCHEMA_URL) container.schemaUrl = readText(reader, bytes.length);
    else reader.skip(tag, bytes.length);
  }
  return container;
}

function readResource(bytes: Uint8Array, scoped: Scoped[], budget: ItemBudget): void {
  const { items, schemaUrl, ...container } = readContainer(bytes, budget);
  const about = container.about.joined();
  const fault = aboutFault('resource', about, RESOURCE_SHAPE);
  const attributes = fault === undefined ? readAttributes(about, ABOUT) : {};
  for (const item of items) {
    const scope = readScope(item, attributes, schemaUrl, budget);
    scope.fault = fault ?? scope.fault;
    scoped.push(scope);
  }
}

function readScope(
  bytes: Uint8Array,
  resource: AttributeMap,
  resourceSchemaUrl: string,
  budget: ItemBudget,
): Scoped {
  const { items, schemaUrl, ...container } = readContainer(bytes, budget);
  const about = container.about.joined();
  const fault = aboutFault('scope', about, SCOPE_SHAPE);
  const { name, version, dropped } = readScopeFields(about);
  return {
    origin: {
      ResourceAttributes: resource,
      ResourceSchemaUrl: resourceSchemaUrl,
      ScopeName: name,
      ScopeVersion: version,
      ScopeAttributes: fault === undefined ? readAttributes(about, SCOPE_ATTRIBUTE) : {},
      ScopeDroppedAttrCount: dropped,
      ScopeSchemaUrl: schemaUrl,
      ServiceName: resource['service.name'] || UNKNOWN_SERVICE,
    },
    items,
    fault,
  };
}

/** Why nothing below this resource or scope can be taken, or undefined. */
function aboutFault(name: string, about: Uint8Array, shape: Shape): string | undefined {
  const reader = new WireReader(about);
  const valid = checkMessage(reader, about.length, shape);
  if (hasTooManyParts(reader)) return `its ${name} has too many attributes`;
  return valid ? undefined : `its ${name} has a string that is not UTF-8`;
}

export interface ScopeFields {
  name: string;
  version: string;
  dropped: number;
}

/** InstrumentationScope without its attributes. */
export function readScopeFields(bytes: Uint8Array): ScopeFields {
  const reader = new WireReader(bytes);
  const scope: ScopeFields = { name: '', version: '', dropped: 0 };
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === 0x0a) scope.name = readText(reader, bytes.length);
    else if (tag === 0x12) scope.version = readText(reader, bytes.length);
    else if (tag === 0x20) scope.dropped = reader.varint32(bytes.length) >>> 0;
    else reader.skip(tag, bytes.length);
  }
  return scope;
}

/** The attributes under one tag of a message. */
export function readAttributes(bytes: Uint8Array, attributeTag: number): AttributeMap {
  const reader = new WireReader(bytes);
  const pairs = [];
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === attributeTag) pairs.push(readKeyValue(reader, bytes.length));
    else reader.skip(tag, bytes.length);
  }
  return attributeMap(pairs);
}

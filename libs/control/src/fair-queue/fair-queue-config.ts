import { requirePositive, requireThat } from '../config.ts';
import { own } from '../numbers.ts';

export interface FairQueueConfig {
  /** Classes of priority, 0 the most urgent; 1 to 16. Default 4. */
  readonly priorities?: number;
  /** Each class counts as urgent as the one above it after this much longer a wait. Default 1 s. */
  readonly agingMs?: number;
  /** Items in all, at most 4,096. Default 1,000. */
  readonly maxItems?: number;
  /** Items of one tenant in one class. Default `maxItems`. */
  readonly maxPerTenant?: number;
  /** Tenants of one class that are served or owe something, at most 256. Default 64. */
  readonly maxTenants?: number;
  /** An item that waits longer is given back. Default 30 s. */
  readonly maxWaitMs?: number;
  /** A tenant's share against the others'; one that is not named weighs 1. Default none. */
  readonly weights?: { readonly [tenant: string]: number };
}

export type FairQueueSettings = Required<FairQueueConfig>;

const MOST_PRIORITIES = 16;
const MOST_ITEMS = 4_096;
const MOST_TENANTS = 256;

export function fairQueueSettings(config: FairQueueConfig): FairQueueSettings {
  const { maxItems = 1_000 } = config;
  const settings: FairQueueSettings = {
    priorities: config.priorities ?? 4,
    agingMs: config.agingMs ?? 1_000,
    maxItems,
    maxPerTenant: config.maxPerTenant ?? maxItems,
    maxTenants: config.maxTenants ?? 64,
    maxWaitMs: config.maxWaitMs ?? 30_000,
    weights: config.weights ?? {},
  };
  requireWhole('priorities', settings.priorities, MOST_PRIORITIES);
  requirePositive('agingMs', settings.agingMs);
  requireWhole('maxItems', maxItems, MOST_ITEMS);
  requireWhole('maxPerTenant', settings.maxPerTenant, maxItems);
  requireWhole('maxTenants', settings.maxTenants, MOST_TENANTS);
  requirePositive('maxWaitMs', settings.maxWaitMs);
  for (const [tenant, weight] of Object.entries(settings.weights)) {
    const usable = weight >= 1e-6 && weight <= 1e6;
    requireThat(usable, `weights.${tenant}`, weight, 'a number from 0.000001 to 1000000');
  }
  return settings;
}

export function weightOf(settings: FairQueueSettings, tenant: string): number {
  return own(settings.weights, tenant) ?? 1;
}

function requireWhole(field: string, value: number, most: number): void {
  const fits = Number.isInteger(value) && value >= 1 && value <= most;
  requireThat(fits, field, value, `a whole number from 1 to ${most}`);
}

export {
  LEASES_AS_SHIPPED,
  LEASES_FRUGAL,
  type LeaseConfig,
  runLeases,
} from './leases.ts';
export type { ScaleFigures, ScaleScenario, Spread, StoreFigures } from './scenario.ts';
export { runGossip, type SwimConfig } from './swim.ts';

export { STORM_LAWS, type StormLaw } from './pilots.ts';
export {
  replayCommand,
  runStorm,
  type StormAction,
  type StormNote,
  type StormRun,
} from './storm.ts';

export {
  amplification,
  type ChainFault,
  type ChainFigures,
  type ChainScenario,
  type ChainService,
  runChain,
  type ServiceFigures,
} from './chain.ts';

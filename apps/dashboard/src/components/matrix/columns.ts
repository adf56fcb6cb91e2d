import type { MatrixColumn } from '@flyball/contract';

export type CellChoice = { service: string; column: MatrixColumn };

export const columnWords: Record<MatrixColumn, string> = {
  latency: 'Latency',
  traffic: 'Traffic',
  errors: 'Errors',
  saturation: 'Saturation',
  dependencies: 'Dependencies',
  budget: 'SLO budget',
  mode: 'Mode',
  loop: 'Loop',
};
export const columns = Object.keys(columnWords) as MatrixColumn[];

export * from './load.ts';
export * from './plant.ts';
export * from './random.ts';
export * from './replica-loop.ts';
export * from './window.ts';

import { type Policy, replicaPlan } from '@flyball/contract';
import {
  ConfigError,
  feedbackWeights,
  latencyBand,
  modeMachine,
  parseFreezeWindow,
  replicaLawOf,
} from '@flyball/control';
import { latencyBandConfig, modeConfig, weightsConfig } from './law-configs.ts';

export interface ControlFault {
  readonly field: string;
  readonly message: string;
}

/** What only the control library can tell: that its machines take the policy's figures. */
export function controlFaults(policy: Policy): ControlFault[] {
  const { replicas, rate, weights } = policy.loops;
  return [
    ...attempt('spec.modes', () => modeMachine.init(modeConfig(policy))),
    ...(replicas === undefined
      ? []
      : attempt('spec.loops.replicas', () => replicaLawOf(replicaPlan(policy, replicas).law))),
    ...(rate === undefined
      ? []
      : attempt('spec.loops.rate', () => latencyBand.init(latencyBandConfig(policy, rate)))),
    ...(weights === undefined
      ? []
      : attempt('spec.loops.weights', () => feedbackWeights.init(weightsConfig(policy, weights)))),
    ...policy.guards.freeze.flatMap((window, index) =>
      attempt(`spec.guards.freeze.${index}`, () => parseFreezeWindow(window)),
    ),
  ];
}

function attempt(field: string, build: () => unknown): ControlFault[] {
  try {
    build();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [{ field, message: error.message }];
    throw error;
  }
}

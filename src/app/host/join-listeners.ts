// Several listeners as one. What one of them throws is logged and reaches neither the host nor the others.
import { messageOf } from '../../core/index.ts';
import type { HostListener } from './host-types.ts';

type Told = {
  [Name in keyof HostListener]-?: Parameters<NonNullable<HostListener[Name]>>;
};

/** Builds the listener; each is told in the given order. */
export function joinListeners(listeners: readonly HostListener[], log: (text: string) => void): HostListener {
  const tell =
    <Name extends keyof HostListener>(name: Name) =>
    (...args: Told[Name]): void => {
      for (const listener of listeners) {
        try {
          (listener[name] as ((...given: Told[Name]) => void) | undefined)?.(...args);
        } catch (error) {
          log(`a listener failed at ${name}: ${messageOf(error)}`);
        }
      }
    };
  return {
    onDecision: tell('onDecision'),
    onSample: tell('onSample'),
    onOptimization: tell('onOptimization'),
    onModelEvent: tell('onModelEvent'),
    onDeployment: tell('onDeployment'),
    onRefusedDeployment: tell('onRefusedDeployment'),
    onProblem: tell('onProblem'),
    onLog: tell('onLog'),
  };
}

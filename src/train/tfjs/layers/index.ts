// layers: the kinds of layer that a network may have, since they can be exported; one table for what a user writes in
// `layers` and for a saved model of the user's own.
import { activationRules } from './activations.ts';
import { convolutionRules } from './convolution.ts';
import { rowRules } from './dense.ts';
import { recurrentRules } from './recurrent.ts';
import type { LayerRule } from './rule.ts';

export { LayerProblem } from './rule.ts';
export type { LayerConfig, LayerRule, Shape, Weight } from './rule.ts';

/** Every kind. */
export const layerRules: readonly LayerRule[] = [
  ...rowRules,
  ...activationRules,
  ...convolutionRules,
  ...recurrentRules,
];

export const ruleByType: ReadonlyMap<string, LayerRule> = new Map(layerRules.map((rule) => [rule.type, rule]));
export const ruleByClass: ReadonlyMap<string, LayerRule> = new Map(
  layerRules.map((rule) => [rule.className, rule]),
);

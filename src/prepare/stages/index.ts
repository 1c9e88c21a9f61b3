// prepare/stages: features, labels and anonymising as stages of a pipeline. A door of its own: the others of prepare's
// users need no pipeline.
export { anonymiseStage } from './anonymise-stage.ts';
export { featureStage } from './feature-stage.ts';
export type { FeatureStageOptions } from './feature-stage.ts';
export { labelStage } from './label-stage.ts';

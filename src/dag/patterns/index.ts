// dag/patterns: an index of similar patterns. Knows no other part of src/dag.
export { PatternIndex } from './pattern-index.ts';
export type { PatternIndexOptions, PatternMatch, PatternTraining } from './pattern-index.ts';

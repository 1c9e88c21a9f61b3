// The seven mechanisms and the policies that choose among them.

/** A mechanism of attention over operators. */
export const AttentionType = {
  Topological: 'topological',
  CausalCone: 'causal_cone',
  CriticalPath: 'critical_path',
  MinCutGated: 'min_cut_gated',
  HierarchicalLorentz: 'hierarchical_lorentz',
  ParallelBranch: 'parallel_branch',
  TemporalBtsp: 'temporal_btsp',
} as const;

/** One of {@link AttentionType}. */
export type AttentionType = (typeof AttentionType)[keyof typeof AttentionType];

/** All of them. */
export const attentionTypes: readonly AttentionType[] = Object.values(AttentionType);

/** Which mechanism is taken: one by name, or the one that has foretold best in plans like this one. */
export const SelectionPolicy = { ...AttentionType, Learned: 'learned' } as const;

/** One of {@link SelectionPolicy}. */
export type SelectionPolicy = (typeof SelectionPolicy)[keyof typeof SelectionPolicy];

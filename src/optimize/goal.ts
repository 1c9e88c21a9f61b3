// What a user wants of the optimizer. It decides when there is a reason to act, not how.

/**
 * `relieve` acts only while memory is scarce for somebody the action can help; `save` gives cold
 * memory back all the time, as TMO does, within a budget of the target's own stall.
 */
export const goals = ['relieve', 'save'] as const;
export type Goal = (typeof goals)[number];

/** Share of a target's time it may wait for memory we took. TMO and oomd Senpai: 0.1 %. */
export const DEFAULT_STALL_BUDGET = 0.001;

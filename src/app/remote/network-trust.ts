// What a user says of the network between hosts: nothing, that bulk may go unencrypted, or that all may.
export const networkTrusts = ['none', 'bulk', 'all'] as const;
export type NetworkTrust = (typeof networkTrusts)[number];

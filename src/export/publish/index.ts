// publish: a dataset as one deterministic tree that loads everywhere, versioned, signed and verifiable.
// Part of the export room; where the rows of a history come from is a port.
export { assertPublishOptions } from './publish-texts.ts';
export { publishDataset } from './publish-dataset.ts';
export { openHistorySource } from './history-source.ts';
export type { HistorySourceOptions } from './history-source.ts';
export { verifyDataset } from './verify-dataset.ts';
export type { VerifyOptions, VerifyReport } from './verify-dataset.ts';
export { historyOptions, publishOptions } from './publish-options.ts';
export type { PublishOptions } from './publish-options.ts';
export { createSigningKey } from './signature.ts';
export type {
  PrivacyFacts,
  PublishColumn,
  PublishProgress,
  PublishReport,
  PublishSource,
  PublishSplit,
  PublishTable,
} from './publish-contract.ts';
export { openBucket, parseBucketUrl } from './bucket.ts';
export type { BucketLocation } from './bucket.ts';

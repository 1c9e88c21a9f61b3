// publish: a dataset as one deterministic tree that loads everywhere, versioned, signed and verifiable.
// Part of the export room; it never reads a history, only what an export wrote.
export { publishDataset } from './publish-dataset.ts';
export { verifyDataset } from './verify-dataset.ts';
export type { VerifyOptions, VerifyReport } from './verify-dataset.ts';
export { createSigningKey } from './signature.ts';
export type {
  PrivacyFacts,
  PublishColumn,
  PublishOptions,
  PublishProgress,
  PublishReport,
  PublishSource,
  PublishSplit,
  PublishTable,
} from './publish-contract.ts';

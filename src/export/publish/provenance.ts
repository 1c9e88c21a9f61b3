// provenance.json: which software made which data from what, in which versions, and the changelog.
// Nothing in it names a host, a user or a path; nothing in it depends on when it was made.
import { readFileSync } from 'node:fs';
import { canonicalSha256 } from '../../prepare/index.ts';
import type { DatasetCard } from '../../prepare/index.ts';
import type { ChangelogEntry, DatasetFacts, PrivacyFacts } from './publish-contract.ts';

/** provenance.json. */
export interface Provenance {
  readonly format: 1;
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly published: string;
  readonly creator: string;
  readonly url: string;
  readonly license: string;
  readonly hostClass: string;
  readonly software: Readonly<Record<string, string>>;
  readonly range: { readonly fromMs: number; readonly toMs: number; readonly precisionMs: number };
  readonly featureSpec: DatasetCard['featureSpec'];
  readonly featureSpecSha256: string;
  readonly datasetCardSha256: string;
  readonly card: DatasetCard;
  readonly privacy: PrivacyFacts;
  readonly tables: Readonly<Record<string, { readonly rows: Readonly<Record<string, number>> }>>;
  readonly changelog: readonly ChangelogEntry[];
}

/** Builds provenance.json. */
export function createProvenance(facts: DatasetFacts): Provenance {
  const { card, privacy, fromMs, toMs } = facts.source;
  return {
    format: 1,
    name: facts.name,
    title: facts.title,
    version: facts.version,
    published: facts.published,
    creator: facts.creator,
    url: facts.url,
    license: facts.license.id,
    hostClass: facts.hostClass,
    software: softwareVersions(),
    range: { fromMs, toMs, precisionMs: privacy.timePrecisionMs },
    featureSpec: card.featureSpec,
    featureSpecSha256: card.featureSpecSha256,
    datasetCardSha256: canonicalSha256(card),
    card,
    privacy,
    tables: Object.fromEntries(
      facts.tables.map(({ name, splits }) => [
        name,
        { rows: Object.fromEntries(splits.map((split) => [split.name, split.rows])) },
      ]),
    ),
    changelog: facts.changelog,
  };
}

/** What the bytes depend on: the same versions make the same tree. Dependencies are pinned exactly. */
function softwareVersions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
    dependencies: Readonly<Record<string, string>>;
  };
  return {
    'ruvector-memopt': own.version,
    'hyparquet-writer': own.dependencies['hyparquet-writer']!,
    node: process.versions.node,
    zstd: process.versions['zstd'] ?? 'unknown',
  };
}

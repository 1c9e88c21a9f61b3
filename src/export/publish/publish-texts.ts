// The texts of a publication, completed and checked; all mistakes in one report.
import { basename } from 'node:path';
import { parseBucketUrl } from './bucket.ts';
import { publishOptionsError } from './errors.ts';
import { readLicense } from './license.ts';
import type { Provenance } from './provenance.ts';
import type { DatasetFacts, PublishSource } from './publish-contract.ts';
import { publishOptions } from './publish-options.ts';
import type { PublishOptions } from './publish-options.ts';
import { parseVersion } from './semantic-version.ts';

/** What the descriptions need besides the data. */
export type PublishTexts = Pick<
  DatasetFacts,
  'name' | 'title' | 'license' | 'creator' | 'url' | 'published' | 'hostClass'
>;

/**
 * Completes the options. What is not given is taken from `before` (the tree that is published again, or the version
 * at the target), then from the data.
 * @throws RuvectorError `ERR_EXPORT_PUBLISH_OPTIONS`
 */
export async function resolveTexts(
  options: PublishOptions,
  source: PublishSource,
  before: Provenance | null,
): Promise<PublishTexts> {
  const known = { ...defaultsOf(options, source), ...textsOf(before), ...given(options) };
  const license = await readLicense(known.license);
  const problems = findProblems(known, options, license !== undefined);
  if (problems.length > 0) throw publishOptionsError(problems);
  return { ...known, license: license! };
}

/**
 * Checks what is given before any data is read, which may take long.
 * @throws RuvectorError `ERR_EXPORT_PUBLISH_OPTIONS`
 */
export async function assertPublishOptions(options: PublishOptions): Promise<void> {
  const isLicense = options.license === undefined || (await readLicense(options.license)) !== undefined;
  const problems = findProblems(given(options), options, isLicense);
  if (problems.length > 0) throw publishOptionsError(problems);
}

type KnownTexts = Omit<PublishTexts, 'license'> & { readonly license: string };

const textKeys = ['name', 'title', 'license', 'creator', 'url', 'published', 'hostClass'] as const;

function given(options: PublishOptions): Partial<KnownTexts> {
  const entries = textKeys.map((key) => [key, options[key]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<KnownTexts>;
}

/** The day is the data's, not that of the version before. */
function textsOf(before: Provenance | null): Partial<KnownTexts> {
  if (!before) return {};
  const { name, title, license, creator, url, hostClass } = before;
  return { name, title, license, creator, url, hostClass };
}

function defaultsOf(options: PublishOptions, source: PublishSource): KnownTexts {
  const name = options.name ?? slugOf(options.to);
  return {
    name,
    title: titleOf(name),
    license: publishOptions.license.default,
    creator: publishOptions.creator.default,
    // RFC 6920 names a thing by its content, which is all there is until it has a place on the web.
    url: `ni:///sha-256;${Buffer.from(source.card.sha256, 'hex').toString('base64url')}`,
    published: new Date(source.toMs).toISOString().slice(0, 10),
    hostClass: publishOptions.hostClass.default,
  };
}

function findProblems(
  { name, license, published }: Partial<KnownTexts>,
  { to, dataVersion, shardBytes = 1 }: PublishOptions,
  isLicense: boolean,
): string[] {
  const problems: string[] = [];
  const want = (ok: boolean, problem: string): void => void (ok || problems.push(problem));
  want(
    !to.startsWith('s3:') || parseBucketUrl(to) !== undefined,
    `to is "${to}", wanted a folder or s3://bucket/prefix`,
  );
  want(
    name === undefined || /^[a-z0-9][a-z0-9._-]{0,95}$/.test(name),
    `name is "${name}", wanted lower-case letters, digits, ".", "_" and "-"`,
  );
  want(isLicense, `license is "${license}", wanted an SPDX identifier like CC-BY-4.0 or CC0-1.0`);
  want(published === undefined || isDay(published), `published is "${published}", wanted YYYY-MM-DD`);
  const isVersion = dataVersion === undefined || parseVersion(dataVersion) !== undefined;
  want(isVersion, `dataVersion is "${dataVersion}", wanted three numbers like 1.2.0`);
  want(shardBytes > 0, `shard size is ${shardBytes}, wanted bytes above 0`);
  return problems;
}

function slugOf(to: string): string {
  const location = parseBucketUrl(to);
  const last = location ? basename(location.prefix) || location.bucket : basename(to);
  return last.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-');
}

const titleOf = (name: string): string => {
  const words = name.replaceAll(/[._-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

// What a publication is made of and what it reports: tables with splits in, one tree of files out. No code.
import type * as arrow from 'apache-arrow';
import type { Field } from '../../core/index.ts';
import type { DatasetCard } from '../../prepare/index.ts';

/** What a column is for. */
export type ColumnRole = 'time' | 'feature' | 'label' | 'measurement';

/** One published column. `source` says how it is computed or where it is read. */
export interface PublishColumn extends Field {
  readonly role: ColumnRole;
  /** Names of the values 0, 1, 2, ... of a label. */
  readonly classNames?: readonly string[] | undefined;
}

/** Rows of one split, readable as often as needed, always in the same order. */
export interface PublishSplit {
  readonly name: string;
  open(): AsyncIterable<arrow.RecordBatch>;
}

/** One configuration of the dataset: columns and splits. */
export interface PublishTable {
  /** `training` is the default configuration; others live in `data/<name>/`. */
  readonly name: string;
  readonly description: string;
  readonly columns: readonly PublishColumn[];
  readonly splits: readonly PublishSplit[];
}

/** What was done to keep people and hosts out of the data. */
export interface PrivacyFacts {
  readonly anonymized: boolean;
  /** Times are rounded down to this; 1 is exact. */
  readonly timePrecisionMs: number;
  /** Fewest rows that share one combination of quasi-identifiers; null when it was not looked at. */
  readonly k: number | null;
  /** Fewest different labels among such rows. */
  readonly l: number | null;
  readonly rowsSuppressed: number;
  readonly quasiIdentifiers: readonly string[];
  readonly methods: readonly string[];
  readonly notProtected: readonly string[];
  /** The report of the anonymiser as Markdown, when it wrote one. */
  readonly report?: string | undefined;
}

/** What is published: data, how it came about, and what was done for privacy. */
export interface PublishSource {
  /** `training` first. */
  readonly tables: readonly PublishTable[];
  /** Without times finer than `privacy.timePrecisionMs`. */
  readonly card: DatasetCard;
  /** Asked for again once the rows are written: it says what became of the key. */
  readonly privacy: PrivacyFacts;
  /** Of the released rows. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Called when the rows are written or will not be: the anonymiser wipes its key. */
  seal?(): void;
}

/** What a publication is doing now. */
export interface PublishProgress {
  readonly step: 'read' | 'write' | 'compare' | 'upload';
  readonly done: number;
  readonly total: number | null;
}

/** How a version differs from the one before. */
export type ChangeLevel = 'first' | 'none' | 'patch' | 'minor' | 'major';

/** One entry of the changelog, newest first. */
export interface ChangelogEntry {
  readonly version: string;
  readonly change: Exclude<ChangeLevel, 'none'>;
  /** Why, one sentence each. */
  readonly reasons: readonly string[];
}

/** One file of the tree. */
export interface PublishedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What was published. */
export interface PublishReport {
  readonly to: string;
  readonly name: string;
  readonly version: string;
  readonly previousVersion: string | null;
  readonly change: ChangeLevel;
  readonly reasons: readonly string[];
  readonly tables: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly files: readonly PublishedFile[];
  readonly sizeBytes: number;
  readonly privacy: Pick<PrivacyFacts, 'anonymized' | 'k' | 'l' | 'rowsSuppressed' | 'timePrecisionMs'>;
  /** `SHA256:...` of the signing key; null when not signed. */
  readonly keyFingerprint: string | null;
  /** Objects removed from the bucket because they are no longer part of it. */
  readonly removed: readonly string[];
}

/** Decides the level of the version and is written into the card. */
export interface DatasetFacts {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly changelog: readonly ChangelogEntry[];
  readonly license: {
    readonly id: string;
    readonly name: string;
    readonly url: string;
    readonly text: string;
  };
  readonly creator: string;
  readonly url: string;
  readonly published: string;
  readonly hostClass: string;
  readonly source: PublishSource;
  readonly tables: readonly WrittenTable[];
}

/** A table as it lies in the tree. */
export interface WrittenTable {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly PublishColumn[];
  readonly splits: readonly WrittenSplit[];
}

/** A split as it lies in the tree. */
export interface WrittenSplit {
  readonly name: string;
  readonly rows: number;
  /** Uncompressed size of the values. */
  readonly valueBytes: number;
  readonly files: readonly PublishedFile[];
  /** Rows of each class, by name; empty without a label. */
  readonly classCounts: Readonly<Record<string, number>>;
}

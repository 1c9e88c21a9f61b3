// What a plugin registers: a name, options that are checked before anything is made, and what makes the part. No code.
import type { OptionTable } from '../../core/index.ts';
import type { AnySink, AnySource, AnyStage } from '../plan/pipeline-parts.ts';

/** The three kinds of parts. */
export type PartKind = 'source' | 'transform' | 'sink';

/** Options as they were given, checked, with the defaults of those that were not. */
export type PartOptions = Readonly<Record<string, unknown>>;

/** What an entry makes its part with. */
export interface PartContext {
  /** Sources that options name, by the option: the other table of a join. */
  readonly sources: Readonly<Record<string, AnySource>>;
  /** Folder that relative paths start from. */
  readonly folder: string;
}

/** A part that can be named. */
export interface PartEntry<P> {
  /** Small letters, digits and dashes. */
  readonly name: string;
  /** One sentence without its capital and full stop. */
  readonly about: string;
  readonly options: OptionTable;
  /** Options that have to be given. @default none */
  readonly required?: readonly string[];
  /** Options that are paths: given relative, they start from the folder of the file. @default none */
  readonly paths?: readonly string[];
  /** Options that are sources themselves, with what they are for. @default none */
  readonly sources?: Readonly<Record<string, string>>;
  /** Problems of options that fit one by one, but not together. @default none */
  readonly check?: (options: PartOptions) => readonly string[];
  /** Makes the part; it opens nothing that a source or a sink opens by itself when the run begins. */
  create(options: PartOptions, context: PartContext): P | Promise<P>;
}

export type SourceEntry = PartEntry<AnySource>;
export type TransformEntry = PartEntry<AnyStage>;
export type SinkEntry = PartEntry<AnySink>;
export type AnyEntry = SourceEntry | TransformEntry | SinkEntry;

/** Where plugins put their parts. */
export interface PartRegistry {
  /** @throws RuvectorError `ERR_PIPELINE_PLUGIN` for a name that is taken, and for an entry that is none */
  source(entry: SourceEntry): void;
  transform(entry: TransformEntry): void;
  sink(entry: SinkEntry): void;
}

/** What a plugin's module exports: a function that registers, or the parts themselves. */
export interface PluginModule {
  readonly register?: (registry: PartRegistry) => void | Promise<void>;
  readonly sources?: readonly SourceEntry[];
  readonly transforms?: readonly TransformEntry[];
  readonly sinks?: readonly SinkEntry[];
}

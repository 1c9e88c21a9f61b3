// What the thread of libhdf5 is asked and what it answers.
import type { Hdf5DatasetFacts } from './hdf5-file.ts';

/** One question; they are answered one after the other. */
export type LibraryQuestion =
  | { readonly kind: 'dataset'; readonly path: string }
  | { readonly kind: 'attributes'; readonly path: string }
  | { readonly kind: 'rows'; readonly path: string; readonly start: number; readonly count: number };

/** What answers it, by its kind. */
export interface LibraryAnswers {
  dataset: Hdf5DatasetFacts | null;
  attributes: Hdf5DatasetFacts['attributes'] | null;
  rows: Uint8Array;
}

/** A message of the thread. */
export type LibraryAnswer =
  | { readonly id: number; readonly value: LibraryAnswers[keyof LibraryAnswers] }
  | { readonly id: number; readonly failure: string };

// What the thread that trains is told, and what it says. Types only.
import type { ModelDraft } from '../../models/index.ts';
import type { TrainTimings, TrainedManifest } from '../train-job.ts';
import type { TopologyLayer } from './layer-options.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';
import type { TfjsEngine, TfjsFit } from './tfjs-options.ts';

/** A saved model as tf.js hands it over. */
export interface TfjsArtifacts {
  readonly modelTopology?: unknown;
  readonly weightSpecs?: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: string;
  }[];
  readonly weightData?: ArrayBuffer | readonly ArrayBuffer[];
}

/** What is trained: layers with fresh weights, or a model of the user's own as it is. */
export type NetworkSource =
  | { readonly kind: 'layers'; readonly layers: readonly TopologyLayer[] }
  | { readonly kind: 'model'; readonly artifacts: TfjsArtifacts };

/** One training. */
export interface FitRequest {
  readonly name: string;
  readonly source: NetworkSource;
  readonly dataset: TfjsDataset;
  /** Label index of each class, ascending: those of the training rows. */
  readonly classes: readonly number[];
  readonly fit: TfjsFit;
  /** For the manifest: what the user asked for. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/** One step of a fit. */
export interface FitStep {
  /** Epochs that are done, with the share of the one that runs. */
  readonly step: number;
  readonly of: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly etaSeconds: number;
}

/** How the fit went. */
export interface FitSummary {
  readonly engine: TfjsEngine;
  /** Why it was this one. */
  readonly why: string;
  readonly epochs: number;
  /** Training rows a second, through the fit alone. */
  readonly rowsPerSecond: number;
}

/** What a trained network leaves. */
export interface FitPackage extends ModelDraft {
  readonly manifest: TrainedManifest & Readonly<Record<string, unknown>>;
  readonly heldOut: Uint8Array;
}

/** A finished training. */
export interface FitOutcome {
  readonly package: FitPackage;
  /** The trained network as tf.js saves it: `tf.loadLayersModel(tf.io.fromMemory(artifacts))`. */
  readonly artifacts: TfjsArtifacts;
  readonly summary: FitSummary;
  readonly classCounts: Readonly<Record<string, number>>;
  readonly timings: Pick<TrainTimings, 'fitAndMeasureMs' | 'exportMs' | 'fitReturnedMonotonicNs'>;
}

/** What the thread says. */
export type FitMessage =
  | { readonly type: 'step'; readonly step: FitStep }
  | { readonly type: 'exporting' }
  | { readonly type: 'outcome'; readonly outcome: FitOutcome }
  | {
      readonly type: 'error';
      readonly code: string | null;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

/** A model of tf.js, of whichever copy of it the caller has loaded: it is taken by what it saves. */
export interface TfjsModel {
  save(handler: {
    save(
      artifacts: TfjsArtifacts,
    ): Promise<{ modelArtifactsInfo: { dateSaved: Date; modelTopologyType: 'JSON' } }>;
  }): Promise<unknown>;
}

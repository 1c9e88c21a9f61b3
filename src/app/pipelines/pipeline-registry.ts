// The parts that a pipeline file may name: those of the pipeline room, and what the other rooms bring to it.
import type { Home } from '../../core/index.ts';
import { createRegistry, registerBuiltIns } from '../../pipeline/index.ts';
import type { Registry } from '../../pipeline/index.ts';
import { anonymisePart } from './anonymise-part.ts';
import { featuresPart, labelPart } from './feature-parts.ts';
import { historyPart, trainingSetPart } from './history-parts.ts';
import { createHistoryLink } from './history-link.ts';
import { onnxPart } from './onnx-part.ts';
import { s3Sink } from './s3-part.ts';
import { streamSource } from './stream-part.ts';
import { trainerSink } from './trainer-part.ts';

/** A registry over one home, with what its parts have opened. */
export interface HomeRegistry extends AsyncDisposable {
  readonly registry: Registry;
}

/** Creates it; the history is opened when a part first reads it. */
export function createHomeRegistry(home: Home): HomeRegistry {
  const history = createHistoryLink(home);
  const registry = createRegistry((parts) => {
    parts.source(historyPart(history));
    parts.source(trainingSetPart(home, history));
    parts.source(streamSource);
    registerBuiltIns(parts);
    parts.transform(anonymisePart);
    parts.transform(featuresPart(home, history));
    parts.transform(labelPart(home));
    parts.transform(onnxPart(home));
    parts.sink(s3Sink);
    parts.sink(trainerSink(home));
  });
  return { registry, [Symbol.asyncDispose]: () => history.close() };
}

// models/runtime: a model in onnxruntime, for a thread that proves what it exported before anybody gets it. Apart from
// the room's door, because the runtime is loaded where a model answers and nowhere else.
export { createNativeSession } from '../onnx-binding.ts';
export { createSession, replayGolden } from '../session.ts';
export type { ModelSession } from '../session.ts';

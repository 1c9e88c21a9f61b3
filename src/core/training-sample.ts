// The export document's TrainingSample: eight features and the label of one snapshot. How they are computed
// is in the prepare room; how they are stored is src/store/apr.
import type { Label } from './records.ts';

/** The document's MemoryFeatures, in its order, with its number types. */
export const memoryFeatureFields = [
  { name: 'usage_percent', type: 'f32' },
  { name: 'usage_trend', type: 'f32' },
  { name: 'process_count', type: 'u32' },
  { name: 'top_process_percent', type: 'f32' },
  { name: 'page_file_ratio', type: 'f32' },
  { name: 'time_of_day', type: 'u8' },
  { name: 'day_of_week', type: 'u8' },
  { name: 'minutes_since_last_opt', type: 'u32' },
] as const satisfies readonly { name: string; type: 'f32' | 'u32' | 'u8' }[];

/** Names of the document's eight features. */
export type MemoryFeatureName = (typeof memoryFeatureFields)[number]['name'];

/** The eight features; `f32` ones are rounded to 32 bits when stored, the others are whole numbers. */
export type MemoryFeatures = Readonly<Record<MemoryFeatureName, number>>;

/** One labelled sample. */
export interface TrainingSample {
  readonly features: MemoryFeatures;
  readonly label: Label;
}

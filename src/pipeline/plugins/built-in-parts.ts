// All parts that the room itself has. What knows histories, models or exports is registered by whoever wires them.
import { registerConnectors } from './connector-parts.ts';
import { registerFiles } from './file-parts.ts';
import { registerJoins } from './join-parts.ts';
import type { PartRegistry } from './plugin-entry.ts';
import { registerStages } from './stage-parts.ts';
import { registerWorker } from './worker-part.ts';

/** Registers them, in the order in which they are listed. */
export function registerBuiltIns(registry: PartRegistry): void {
  registerFiles(registry);
  registerConnectors(registry);
  registerStages(registry);
  registerJoins(registry);
  registerWorker(registry);
}

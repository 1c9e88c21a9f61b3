// The connection to the user's thread, and what is known through it. Types only.
import type { InspectorClient } from './inspector-client.ts';
import type { Pauses } from './pauses.ts';
import type { Scripts } from './scripts.ts';
import type { DebugVariables } from './variables.ts';

export interface DebugConnection {
  readonly client: InspectorClient;
  readonly scripts: Scripts;
  readonly variables: DebugVariables;
  readonly pauses: Pauses;
}

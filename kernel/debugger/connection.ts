// The connection to the user's thread, and what is known through it. Types only.
import type { InspectorClient } from './inspector-client.ts';
import type { Pauses } from './pauses.ts';
import type { Scripts } from './scripts.ts';
import type { Variables } from './variables.ts';

export interface Connection {
  readonly client: InspectorClient;
  readonly scripts: Scripts;
  readonly variables: Variables;
  readonly pauses: Pauses;
}

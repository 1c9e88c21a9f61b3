// Completion and inspection as the protocol thread uses them: live values and types behind one door.
import { createCodeAssistant } from './code-assistant.ts';
import type { CodeAssistant } from './code-assistant.ts';
import { createLiveValues } from './live-values.ts';
import { createTypeService } from './type-service.ts';
import type { TypeService } from './type-service.ts';

/** Answers from live values and types. */
export interface LiveInspector extends CodeAssistant {
  readonly types: TypeService;
}

/** Connects to the user's thread and starts the language server. */
export async function createLiveInspector(): Promise<LiveInspector> {
  const types = createTypeService();
  return { ...createCodeAssistant(await createLiveValues(), types), types };
}

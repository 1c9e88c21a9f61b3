// What the type checker learns of the cells that run: told after their replies, so that no cell waits for it.
import type { JsonObject } from '../protocol/message.ts';
import type { TypeService } from '../language/type-service.ts';

/** The checker beside the cells. */
export interface CellTypes {
  /** A cell was handed to the user's thread. */
  started(parent: string, code: string): void;
  /** It ended with this reply. */
  ended(parent: string, reply: JsonObject): void;
  /** The language server was started: it learns every cell that ran before. */
  connect(types: TypeService): void;
}

interface RanCell {
  readonly code: string;
  readonly succeeded: boolean;
}

/** Keeps the cells until there is a language server to tell: it is never started for them. */
export function createCellTypes(): CellTypes {
  const running = new Map<string, string>();
  let waiting: RanCell[] = [];
  let types: TypeService | null = null;
  let isPlanned = false;
  const tell = (): void => {
    isPlanned = false;
    if (types === null) return;
    const cells = waiting;
    waiting = [];
    for (const { code, succeeded } of cells) {
      if (succeeded) types.addCell(code);
      else types.forgetCell(code);
    }
  };
  const plan = (): void => {
    if (isPlanned || types === null) return;
    isPlanned = true;
    setImmediate(tell);
  };
  return {
    started: (parent, code) => void running.set(parent, code),
    ended: (parent, reply) => {
      const code = running.get(parent);
      running.delete(parent);
      if (code === undefined) return;
      waiting.push({ code, succeeded: reply['status'] === 'ok' });
      plan();
    },
    connect: (service) => {
      types = service;
      plan();
    },
  };
}

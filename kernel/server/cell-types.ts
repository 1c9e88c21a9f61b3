// The type checker beside the cells: it checks each before or while it runs, as `%check` says, and learns its
// names after its end, so that later cells see them. No cell waits for it longer than a moment, but under
// `%check error`, where nothing runs unchecked.
import { buildRefusal, hasNames, readCheckMode, renderProblems } from '../language/check-mode.ts';
import type { CheckMode } from '../language/check-mode.ts';
import type { TypeProblem } from '../language/type-problems.ts';
import type { TypeService } from '../language/type-service.ts';
import { errorContent } from '../protocol/replies.ts';
import type { JsonObject } from '../protocol/message.ts';

/** A cell as the checker takes it. */
export interface CheckedCell {
  /** msg_id of its request. */
  readonly parent: string;
  readonly code: string;
  /** False for what a client runs behind the user's back. */
  readonly isShown: boolean;
}

/** The checker of one kernel. */
export interface CellTypes {
  /** Resolves to null when the cell may run, else to the error it ends with. Null: it may run at once. */
  admit(cell: CheckedCell): Promise<JsonObject | null> | null;
  /** The cell was handed to the user's thread. */
  started(cell: CheckedCell): void;
  /** The cell ended. Resolves, soon, once its warnings are out; null when there is nothing to wait for. */
  ended(parent: string, reply: JsonObject): Promise<void> | null;
  /** The language server was started: it learns every cell that ran before. */
  connect(types: TypeService): void;
}

export interface CellTypesOptions {
  /** Starts the language server: only `%check error` does. */
  readonly open: () => Promise<TypeService>;
  /** Shows a text below a cell. */
  readonly warn: (parent: string, text: string) => void;
}

/**
 * How long `idle` waits for warnings: so much of the time that the cell ran, and at most so long; for a short cell, whose
 * check begins with its answer, just so long. Later ones are shown when they come.
 */
const WARNING_SHARE = 0.3;
const MOST_WARNING_MS = 20;
const SHORT_WARNING_MS = 5;
const ADMISSION_MS = 15_000;
/** A cell that runs longer is checked beside it; a shorter one after its answer, which is then not slowed. */
const BESIDE_MS = 4;

interface RanCell extends CheckedCell {
  readonly isChecked: boolean;
  readonly startMs: number;
  outcome: 'runs' | 'succeeded' | 'failed' | 'unparsed';
  /** What the checker says; null: not asked yet. */
  problems: Promise<readonly TypeProblem[] | null> | null;
  /** Resolves once its warnings are out; null while it runs. */
  shown: Promise<void> | null;
}

/** Creates the checker; until there is a language server it keeps what it will tell. */
export function createCellTypes({ open, warn }: CellTypesOptions): CellTypes {
  /** In the order in which they ran; the checker has not learned their names. */
  let cells: RanCell[] = [];
  let mode: CheckMode = 'warn';
  let types: TypeService | null = null;
  const admitted = new Set<string>();

  /** Asks about each cell what the cells before it make of it, then lets it be one of those. */
  const tell = (): void => {
    if (types === null) return;
    for (const cell of cells) {
      if (cell.isChecked && cell.outcome !== 'unparsed') {
        cell.problems ??= types.check(cell.code, ADMISSION_MS).catch(() => null);
        if (cell.outcome !== 'runs') cell.shown ??= show(cell);
      }
      if (cell.outcome === 'succeeded') types.addCell(cell.code);
      else if (cell.outcome === 'failed') types.forgetCell(cell.code);
    }
    cells = cells.filter(({ outcome }) => outcome === 'runs');
  };
  const show = async ({ parent, code, problems }: RanCell): Promise<void> => {
    const found = await problems;
    if (found !== null && found.length > 0) warn(parent, `${CELL_RAN}\n${renderProblems(found, code)}`);
  };
  const refuse = async ({ parent, code }: CheckedCell): Promise<JsonObject | null> => {
    const service = await open();
    tell();
    if (!service.isInstalled) {
      mode = 'warn';
      return errorContent('CheckError', MISSING);
    }
    const problems = await service.check(code, ADMISSION_MS);
    if (problems !== null && problems.length > 0) return buildRefusal(problems, code);
    if (problems === null)
      warn(parent, 'The types of this cell were not checked: the checker gave no answer.\n');
    admitted.add(parent);
    return null;
  };
  return {
    admit: (cell) => {
      if (!cell.isShown) return null;
      mode = readCheckMode(cell.code) ?? mode;
      return mode === 'error' && hasNames(cell.code) ? refuse(cell) : null;
    },
    started: (cell) => {
      // It declares nothing either.
      if (!hasNames(cell.code)) return;
      const isChecked = cell.isShown && mode !== 'off' && !admitted.delete(cell.parent);
      const startMs = performance.now();
      cells.push({ ...cell, isChecked, startMs, outcome: 'runs', problems: null, shown: null });
      if (types !== null) setTimeout(tell, BESIDE_MS).unref();
    },
    ended: (parent, reply) => {
      const cell = cells.find((one) => one.parent === parent);
      if (!cell) return null;
      cell.outcome = outcomeOf(reply);
      if (types === null) return null;
      // Names are learned after the answer, warnings are shown before it.
      if (cell.isChecked && cell.problems !== null && cell.outcome !== 'unparsed') cell.shown = show(cell);
      const told = new Promise<void>((resolve) => {
        setImmediate(() => {
          tell();
          resolve(cell.shown ?? undefined);
        });
      });
      const isAwaited = cell.isChecked && cell.outcome !== 'unparsed' && types.isWarm();
      return isAwaited ? within(told, patienceFor(cell)) : null;
    },
    connect: (service) => {
      types = service;
      setImmediate(tell);
    },
  };
}

const CELL_RAN = 'Warning: the cell ran, but its types are wrong.';
const MISSING =
  'Cannot check types: TypeScript 7 is not installed beside the kernel; install the package typescript, or write %check warn';

function outcomeOf(reply: JsonObject): RanCell['outcome'] {
  if (reply['status'] === 'ok') return 'succeeded';
  return reply['ename'] === 'SyntaxError' ? 'unparsed' : 'failed';
}

function patienceFor({ startMs }: RanCell): number {
  const ranMs = performance.now() - startMs;
  return ranMs < BESIDE_MS ? SHORT_WARNING_MS : Math.min(WARNING_SHARE * ranMs, MOST_WARNING_MS);
}

async function within(shown: Promise<void>, longestMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, longestMs);
  });
  await Promise.race([shown, late]);
  clearTimeout(timer);
}

// Reads the history for the page in a process of its own: Polars takes hundreds of megabytes for it, which go back with the
// process, and no plan delays a sample. The history is opened read-only, as it was then; what was appended since comes as
// messages from the daemon (history-reader.ts).
import { isRuvectorError, messageOf, recordKinds } from '../../core/index.ts';
import type {
  AnyRow,
  HistoryKind,
  HistoryPartition,
  PartitionOptions,
  PartitionReader,
} from '../../core/index.ts';
import { createHistoryRanges, pageFieldsOf, readGaps, readMoment, readProcesses } from '../../page/index.ts';
import type { HistoryRanges } from '../../page/index.ts';
import { buildRowsFrame, openHistory } from '../../store/index.ts';
import type { History } from '../../store/index.ts';
import { readActions } from './page-marks.ts';
import type { ReaderMessage, ReaderQuestion, ReaderQuestions, ReaderTask } from './reader-messages.ts';

interface Opened {
  readonly history: PartitionReader;
  readonly ranges: HistoryRanges;
  readonly intervalMs: number;
}

const send = (message: ReaderMessage): void => void process.send?.(message, undefined, {}, () => {});
const added: Record<HistoryKind, AnyRow[]> = { memory: [], process: [], optimization: [] };
let opened: Promise<Opened> | null = null;

type Answers = {
  readonly [Name in ReaderQuestion]: (
    opened: Opened,
    params: ReaderQuestions[Name]['params'],
  ) => Promise<ReaderQuestions[Name]['result']>;
};

const answers: Answers = {
  // As text: the daemon passes it on as it is.
  range: async ({ ranges }, { fields, ...span }) => ({
    jsonText: JSON.stringify(await ranges.read({ ...span, fields: pageFieldsOf(fields) })),
  }),
  processes: ({ history }, question) => readProcesses(history, question),
  moment: ({ history }, { atMs }) => readMoment(history, atMs),
  marks: async ({ history, intervalMs }, range) => [
    ...(await readGaps(history, range, intervalMs)),
    ...(await readActions(history, range)),
  ],
};

process.on('message', (task: ReaderTask) => {
  if (task.type === 'open') {
    opened = open(task);
    // Whoever asks is told.
    opened.catch(() => undefined);
  } else if (task.type === 'rows') for (const row of task.rows) added[task.kind].push(row);
  else void answer(task);
});
// Its daemon is gone, however it ended.
process.on('disconnect', () => process.exit());

async function open({
  directory,
  folder,
  intervalMs,
}: Extract<ReaderTask, { type: 'open' }>): Promise<Opened> {
  const history = joinAdded(await openHistory(directory, { readOnly: true }));
  const onProblem = (error: unknown): void => send({ type: 'problem', message: messageOf(error) });
  const ranges = createHistoryRanges({ history, folder, intervalMs, onProblem });
  void ranges.summarise();
  return { history, ranges, intervalMs };
}

async function answer({ id, name, params }: Extract<ReaderTask, { type: 'ask' }>): Promise<void> {
  try {
    const ask = answers[name] as (opened: Opened, params: unknown) => Promise<unknown>;
    send({ type: 'answer', id, result: await ask(await opened!, params) });
  } catch (error) {
    const code = isRuvectorError(error) ? error.code : null;
    send({ type: 'failed', id, code, message: messageOf(error) });
  }
}

/** The history as it was opened, and the rows that came since as a partition of its own. */
function joinAdded(history: History): PartitionReader {
  const { kinds } = history.stats();
  // What is read here was written before: its partitions stay the same.
  const whole = new Map<HistoryKind, Promise<HistoryPartition[]>>();
  const readKnown = (kind: HistoryKind, options: PartitionOptions): Promise<HistoryPartition[]> => {
    if (Object.keys(options).length > 0) return history.partitions(kind, options);
    const known = whole.get(kind) ?? history.partitions(kind);
    whole.set(kind, known);
    known.catch(() => whole.delete(kind));
    return known;
  };
  return {
    async partitions(kind, options = {}) {
      const { fromMs = -Infinity, toMs = Infinity } = options;
      const seenMs = kinds[kind]?.lastMs ?? -Infinity;
      const known = await readKnown(kind, options);
      // What was appended while it was opened came both ways.
      const rows = added[kind].filter((row) => {
        const atMs = Number(row['timestamp']);
        return atMs > seenMs && atMs >= fromMs && atMs < toMs;
      });
      return rows.length === 0 ? known : [...known, toPartition(kind, rows)];
    },
  };
}

function toPartition(kind: HistoryKind, rows: readonly AnyRow[]): HistoryPartition {
  const times = rows.map((row) => Number(row['timestamp']));
  return {
    fromMs: Math.min(...times),
    toMs: Math.max(...times) + 1,
    maxRows: rows.length,
    isSorted: false,
    files: null,
    open: () => buildRowsFrame(recordKinds[kind]!, rows),
  };
}

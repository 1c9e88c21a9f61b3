// How stored rows look in a stream: names and units of the export document, anonymised by the rules of
// the prepare room unless asked otherwise. The same for rows as they come and rows read from the history.
// A stream keeps exact time: who follows it knows what time it is.
import { buildAdrView, recordKinds, rowsOf } from '../../core/index.ts';
import type { AnyRow, HistoryReader, RecordKind } from '../../core/index.ts';
import { createLiveAnonymizer } from '../../prepare/index.ts';
import type { StreamHistory, StreamTable } from '../../stream/index.ts';

/** One table of a stream. */
export interface StreamView {
  readonly kind: RecordKind;
  toRow(native: AnyRow): AnyRow;
}

export type StreamViews = Readonly<Record<StreamTable, StreamView>>;

/** Rows read from the history at a time. */
const BATCH_ROWS = 1024;

/** Rows as they are stored, for readers inside this process. */
export const storedViews: StreamViews = buildViews((table) => ({
  kind: recordKinds[table]!,
  toRow: (row) => row,
}));

/** Rows as users see them. */
export function createPlainViews(): StreamViews {
  return buildViews((table) => buildAdrView(table, recordKinds[table]!));
}

/** Anonymised rows. A new key each time: hashes of two runs cannot be joined. */
export function createAnonymousViews(): StreamViews {
  const anonymizer = createLiveAnonymizer();
  return buildViews((table) => {
    const view = buildAdrView(table, anonymizer.kindOf(table));
    return { kind: view.kind, toRow: (row) => view.toRow(anonymizer.apply(table, [row])[0]!) };
  });
}

function buildViews(build: (table: StreamTable) => StreamView): StreamViews {
  return { memory: build('memory'), process: build('process'), optimization: build('optimization') };
}

/** The history as the rows of a stream. */
export function readViews(history: HistoryReader, views: StreamViews): StreamHistory {
  return {
    async *read(table, range) {
      const kind = recordKinds[table]!;
      for await (const batch of history.query(table, { ...range, batchRows: BATCH_ROWS })) {
        yield rowsOf(kind, batch).map((row) => views[table].toRow(row));
      }
    },
  };
}

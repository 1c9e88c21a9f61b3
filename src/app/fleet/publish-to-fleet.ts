// The history of a serving host, given to a fleet: which rows, how they look when they leave, and where they wait.
import { recordKinds, rowsOf } from '../../core/index.ts';
import type { AnyRow, HistoryKind, HistoryReader } from '../../core/index.ts';
import { openPublisher } from '../../fleet/index.ts';
import type { NatsAccess, PublishedKind, FleetPublisher } from '../../fleet/index.ts';
import { createLiveAnonymizer } from '../../prepare/index.ts';
import type { LiveAnonymizer } from '../../prepare/index.ts';
import { followTable } from '../requests/follow-table.ts';
import type { AppendedRows } from '../streams/stream-service.ts';

/** What of a host is published, and to whom. */
export interface FleetPublishOptions {
  readonly access: NatsAccess;
  readonly history: HistoryReader;
  readonly appended: AppendedRows;
  /** Where the outbox is. */
  readonly folder: string;
  readonly host: string;
  readonly isAnonymized: boolean;
  readonly batchMs?: number;
  readonly outboxBytes?: number;
  readonly retryMs?: { readonly least: number; readonly most: number };
  readonly onLog?: (text: string) => void;
}

const tables: readonly HistoryKind[] = ['memory', 'process', 'optimization'];
/** Rows of the history decoded and anonymised at a time: the thread that samples waits for it. */
const HISTORY_ROWS = 512;

/** Publishes the tables of a history until it is closed. @throws RuvectorError `ERR_FLEET_*` */
export async function publishToFleet(options: FleetPublishOptions): Promise<FleetPublisher> {
  const { history, appended, isAnonymized, ...rest } = options;
  const anonymizer = isAnonymized ? createLiveAnonymizer() : null;
  const kinds = tables.map((table) => [table, publishedKind(table, { history, appended }, anonymizer)]);
  return openPublisher({
    ...rest,
    isAnonymized,
    kinds: Object.fromEntries(kinds) as Record<string, PublishedKind>,
  });
}

function publishedKind(
  table: HistoryKind,
  source: Pick<FleetPublishOptions, 'history' | 'appended'>,
  anonymizer: LiveAnonymizer | null,
): PublishedKind {
  const stored = recordKinds[table]!;
  const view = {
    apply: (batch: Parameters<typeof rowsOf>[1]) => rowsOf(stored, batch),
    fromRows: (rows: readonly AnyRow[]) => rows,
  };
  return {
    kind: anonymizer?.kindOf(table) ?? stored,
    apply: (rows) => anonymizer?.apply(table, rows) ?? rows,
    follow: (fromMs, signal) =>
      followTable<readonly AnyRow[]>(
        source,
        table,
        { fromMs: fromMs ?? undefined, batchRows: HISTORY_ROWS },
        view,
        signal,
      ),
  };
}

// The expressions of all plans of a kind. nodejs-polars takes a millisecond to make one, longer than many a plan runs:
// they are built once for a kind and a precision, and one expression stands for many columns.
import type { Expr } from 'nodejs-polars';
import type { RecordKind, Polars } from '../core/index.ts';
import { buildReleasedKind, treatColumns } from './column-treatment.ts';
import type { TreatedColumn, Treatment } from './column-treatment.ts';
import { buildBootExpressions, buildProcessExpressions } from './counter-bases.ts';
import type { BootExpressions, ProcessExpressions } from './counter-bases.ts';
import { buildGroupExpressions } from './group-table.ts';
import type { GroupExpressions } from './group-table.ts';
import { buildReleaseExpressions } from './release-column.ts';
import type { ReleaseExpressions } from './release-column.ts';
import { buildTextExpressions } from './text-table.ts';
import type { TextExpressions } from './text-table.ts';

/** How the columns of a kind are treated, and the expressions that do it. */
export interface PlanExpressions {
  readonly columns: readonly TreatedColumn[];
  /** The kind of what is released. */
  readonly kind: RecordKind;
  /** The columns that the first pass looks at. */
  readonly read: Expr;
  readonly groups: GroupExpressions;
  /** Null for a kind without text, processes, boots. */
  readonly texts: TextExpressions | null;
  readonly processes: ProcessExpressions | null;
  readonly boots: BootExpressions | null;
  readonly release: ReleaseExpressions;
}

/** Treatments that depend on nothing but the row. The start of a process, which is left out, tells it apart. */
const unread: ReadonlySet<Treatment> = new Set(['keep', 'free-of-size']);

const built = new WeakMap<RecordKind, Map<number, PlanExpressions>>();

/** The expressions of a kind whose times are rounded down to so many ms. */
export function expressionsOf(polars: Polars, kind: RecordKind, precisionMs: number): PlanExpressions {
  let ofKind = built.get(kind);
  if (!ofKind) built.set(kind, (ofKind = new Map()));
  let expressions = ofKind.get(precisionMs);
  if (!expressions) ofKind.set(precisionMs, (expressions = buildExpressions(polars, kind, precisionMs)));
  return expressions;
}

function buildExpressions(polars: Polars, native: RecordKind, precisionMs: number): PlanExpressions {
  const columns = treatColumns(native);
  const kind = buildReleasedKind(native, columns);
  const treated = (...treatments: Treatment[]): string[] =>
    columns.filter(({ treatment }) => treatments.includes(treatment)).map(({ field }) => field.name);
  const texts = treated('codes', 'vocabulary', 'text-hash');
  const counters = treated('counter');
  const hasProcesses = treated('process-number').length > 0;
  const hasBoots = !hasProcesses && counters.length > 0;
  return {
    columns,
    kind,
    read: polars.cols(
      columns.filter(({ treatment }) => !unread.has(treatment)).map(({ field }) => field.name),
    ),
    groups: buildGroupExpressions(polars, treated('name', 'size'), precisionMs),
    texts: texts.length > 0 ? buildTextExpressions(polars, texts) : null,
    processes: hasProcesses ? buildProcessExpressions(polars, counters) : null,
    boots: hasBoots ? buildBootExpressions(polars, counters) : null,
    release: buildReleaseExpressions(polars, columns, kind),
  };
}

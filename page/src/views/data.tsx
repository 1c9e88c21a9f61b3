// Data: how much history there is, how private it leaves the host, what left it, and when the next training can be.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ExportRun, NextTraining } from '../api.ts';
import { status } from '../live.ts';
import { ActionButton, Card, Facts, Name, Problem, Table, Time } from '../parts.tsx';
import { writeBytes, writeCount, writeDuration, writeName } from '../text.ts';
import { useAnswer } from './use-answer.ts';

export function DataView(): JSX.Element {
  const { value, error, reload } = useAnswer<ExportRun[]>('/api/exports', {}, 3000);
  return (
    <>
      <h1 class="hidden">Data</h1>
      {error !== null && <Problem error={error} />}
      <div class="grid">
        <HistoryCard />
        <NextTrainingCard next={status.value?.nextTraining ?? null} />
      </div>
      <Exports runs={value ?? []} reload={reload} />
    </>
  );
}

function HistoryCard(): JSX.Element {
  const { history, home = '–' } = status.value ?? {};
  return (
    <Card title="History">
      <Facts
        facts={[
          ['size', writeBytes(history?.bytes)],
          ['from', <Time ms={history?.firstMs} />],
          ['to', <Time ms={history?.lastMs} />],
          ['reaches back', writeDuration((history?.lastMs ?? NaN) - (history?.firstMs ?? NaN))],
          ...Object.entries(history?.rows ?? {}).map(
            ([kind, rows]) => [`rows of ${writeName(kind)}`, writeCount(rows)] as const,
          ),
          ['kept in', <Name text={home} />],
        ]}
      />
      <Streams />
    </Card>
  );
}

function Streams(): JSX.Element {
  const streams = status.value?.privacy?.streams ?? [];
  return (
    <>
      <h3>What leaves this host</h3>
      <p class="note">
        Names are left out of exports and streams unless somebody asks for them.{' '}
        {streams.length === 0 && 'No stream is open.'}
      </p>
      <ul>
        {streams.map(({ endpoint, anonymized }) => (
          <li key={endpoint}>
            <Name text={endpoint} />: {anonymized ? 'without names' : 'with names'}
          </li>
        ))}
      </ul>
    </>
  );
}

function NextTrainingCard({ next }: { readonly next: NextTraining | null }): JSX.Element {
  const training = status.value?.training;
  return (
    <Card title="Next training">
      {next === null ? (
        <p class="note">Nothing is collected towards a training.</p>
      ) : (
        <>
          <p>
            <b class="figure">{writeCount(next.samples)}</b> of {writeCount(next.needed)} samples
            {next.samples >= next.needed
              ? ': enough to train.'
              : `, ${writeCount(next.needed - next.samples)} to go.`}
          </p>
          <progress
            aria-label="Samples until the next training"
            value={Math.min(next.samples, next.needed)}
            max={Math.max(next.needed, 1)}
          />
          {next.hint && <p class="note">{writeName(next.hint)}</p>}
        </>
      )}
      {training?.running === true && <p>A training runs.</p>}
      {training?.lastModel && (
        <p class="note">
          The last one made <Name text={training.lastModel} />.
        </p>
      )}
      {training?.lastError && <p class="problem">{writeName(training.lastError)}</p>}
    </Card>
  );
}

function Exports({
  runs,
  reload,
}: {
  readonly runs: readonly ExportRun[];
  readonly reload: () => void;
}): JSX.Element {
  const home = status.value?.home ?? '';
  const name = useMemo(() => new Date().toISOString().slice(0, 19).replaceAll(':', ''), [runs.length]);
  const path = `${home}/exports/page-${name}`;
  return (
    <Card
      title="Exports"
      aside={
        <ActionButton
          action="export"
          body={{ path, format: 'parquet', hours: 24 }}
          title="Export"
          question={`The last 24 hours are written as Parquet, without names, into ${path}.`}
          onDone={reload}
        />
      }
    >
      <Table
        caption="Exports, the newest first"
        heads={['started', 'what', 'state', 'where']}
        rows={runs.map((run) => [
          <Time ms={run.startedMs} />,
          writeName(run.type),
          <ExportState run={run} />,
          <Name text={run.path ?? '–'} />,
        ])}
        empty="Nothing was exported since the daemon started."
      />
    </Card>
  );
}

function ExportState({ run }: { readonly run: ExportRun }): JSX.Element {
  const { state, progress, error, startedMs, endedMs } = run;
  if (state === 'running') {
    const { rows = null, totalRows = null, etaSeconds = null } = progress ?? {};
    const isMeasured = rows !== null && totalRows !== null && totalRows > 0;
    return (
      <span>
        <progress aria-label="Progress of this export" {...(isMeasured && { value: rows / totalRows })} />
        <small>
          {writeCount(rows)} of {writeCount(totalRows)} rows
          {etaSeconds !== null && `, ${writeDuration(etaSeconds * 1000)} to go`}
        </small>
      </span>
    );
  }
  if (state === 'failed') return <span class="state state-missing">failed: {writeName(error ?? '')}</span>;
  const tookMs = (endedMs ?? NaN) - (startedMs ?? NaN);
  return <span class="state state-ok">done{Number.isFinite(tookMs) && ` in ${writeDuration(tookMs)}`}</span>;
}

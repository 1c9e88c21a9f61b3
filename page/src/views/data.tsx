// Data: how much history there is, how private it leaves the host, what left it, and when the next training can be.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ExportRun, NextTraining, Publication, Status } from '../api.ts';
import { status } from '../live.ts';
import { ActionButton, Card, Facts, Name, Problem, Table, Time } from '../parts.tsx';
import { writeBytes, writeCount, writeDuration, writeName } from '../text.ts';
import { JobState } from './job-state.tsx';
import { useAnswer } from './use-answer.ts';

export function DataView(): JSX.Element {
  const { value, error, reload } = useAnswer<ExportRun[]>('/api/exports', {}, 3000);
  const publications = useAnswer<Publication[]>('/api/publications', {}, 3000);
  return (
    <>
      <h1 class="hidden">Data</h1>
      {error !== null && <Problem error={error} />}
      <div class="grid">
        <HistoryCard />
        <NextTrainingCard next={status.value?.nextTraining ?? null} />
      </div>
      <Exports runs={value ?? []} reload={reload} />
      <Publications runs={publications.value ?? []} />
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

/** Who gets rows of this host on their own, and whether without names. */
function Streams(): JSX.Element {
  const streams = status.value?.privacy?.streams ?? [];
  const fleet = status.value?.fleet ?? null;
  return (
    <>
      <h3>What leaves this host</h3>
      <p class="note">
        Names are left out of exports, publications and streams unless somebody asks for them.{' '}
        {streams.length === 0 && fleet === null && 'No stream is open.'}
      </p>
      <ul>
        {streams.map(({ endpoint, anonymized }) => (
          <li key={endpoint}>
            <Name text={endpoint} />: {describePrivacy(anonymized)}
          </li>
        ))}
        {fleet !== null && <FleetItem fleet={fleet} />}
      </ul>
    </>
  );
}

function FleetItem({ fleet }: { readonly fleet: NonNullable<Status['fleet']> }): JSX.Element {
  const { servers, isAnonymized, isConnected, sentRows, waiting } = fleet;
  return (
    <li>
      <Name text={servers} />: {describePrivacy(isAnonymized)}, {isConnected ? 'connected' : 'not connected'};{' '}
      {writeCount(sentRows)} rows sent, {writeCount(waiting.rows)} wait
    </li>
  );
}

const describePrivacy = (isAnonymized: boolean): string => (isAnonymized ? 'without names' : 'with names');

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
      note={
        <>
          What was asked for here or in a program, and what <code>ruvector-memopt export</code> wrote.
        </>
      }
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
        heads={['started', 'what', 'privacy', 'state', 'where']}
        rows={runs.map((run) => [
          <Time ms={run.startedMs} />,
          exportWords[run.type] ?? writeName(run.type),
          describePrivacy(run.isAnonymized ?? true),
          <ExportState run={run} />,
          <Name text={run.path ?? '–'} />,
        ])}
        empty="Nothing was exported from here yet."
        stacks
      />
    </Card>
  );
}

/** What was exported, as people say it. */
const exportWords: Readonly<Record<string, string>> = {
  range: 'a range',
  recent: 'the last hours',
  training: 'a training set',
};

function ExportState({ run }: { readonly run: ExportRun }): JSX.Element {
  const { rows = null, totalRows = null, etaSeconds = null } = run.progress ?? {};
  const left = etaSeconds === null ? '' : `, ${writeDuration(etaSeconds * 1000)} to go`;
  return (
    <JobState
      job={run}
      what="export"
      share={rows !== null && totalRows !== null && totalRows > 0 ? rows / totalRows : null}
      note={`${writeCount(rows)} of ${writeCount(totalRows)} rows${left}`}
    />
  );
}

/** Steps of a publication, as it says them. */
const stepWords: Readonly<Record<string, string>> = {
  read: 'reads the data',
  write: 'writes the files',
  compare: 'compares with the version before',
  upload: 'uploads',
};

/** Datasets that were published from this host, each by a process of its own. */
function Publications({ runs }: { readonly runs: readonly Publication[] }): JSX.Element {
  return (
    <Card
      title="Publications"
      note={
        <>
          Datasets that <code>ruvector-memopt publish</code> made of this host's data.
        </>
      }
    >
      <Table
        caption="Publications, the newest first"
        heads={['started', 'dataset', 'rows', 'size', 'privacy', 'state', 'where']}
        numeric={[2, 3]}
        rows={runs.map(cellsOf)}
        empty="Nothing was published from here yet."
        stacks
      />
    </Card>
  );
}

function cellsOf(run: Publication): (JSX.Element | string)[] {
  const { dataset, target, result, progress } = run;
  const { done = 0, total = null, step = '' } = progress ?? {};
  return [
    <Time ms={run.startedMs} />,
    <span>
      <Name text={result?.name ?? dataset} />
      {result && <small>{describeVersion(result)}</small>}
    </span>,
    writeCount(result?.rows),
    writeBytes(result?.sizeBytes),
    result ? describeAnonymity(result) : '–',
    <JobState
      job={run}
      what="publication"
      share={total !== null && total > 0 ? done / total : null}
      note={stepWords[step] ?? 'begins'}
    />,
    <Name text={target} />,
  ];
}

type Published = NonNullable<Publication['result']>;

const describeVersion = ({ version, change, isSigned }: Published): string =>
  [`version ${writeName(version)}`, change === 'none' && 'nothing changed', isSigned && 'signed']
    .filter(Boolean)
    .join(', ');

const describeAnonymity = ({ isAnonymized, k }: Published): string =>
  isAnonymized ? `without names${k === null ? '' : `, k ${k}`}` : 'with names';

// Data: how much history there is, how private it leaves the host, what left it, and when the next training can be.
import type { JSX } from 'preact';
import type { ExportRun, ExportsAnswer, NextTraining, Publication } from '../api.ts';
import { status } from '../live.ts';
import { ActionButton, Card, Facts, Name, Problem, Table, Time } from '../parts.tsx';
import { writeBytes, writeCount, writeDuration, writeName, writePercent } from '../text.ts';
import { useAnswer } from './use-answer.ts';

export function DataView(): JSX.Element {
  const { value, error, reload } = useAnswer<ExportsAnswer>('/api/exports', {}, 3000);
  const history = value?.history ?? status.value?.history;
  const isPaused = status.value?.paused === true;
  return (
    <>
      <h1 class="hidden">Data</h1>
      {error !== null && <Problem error={error} />}
      <div class="grid">
        <Card
          title="History"
          aside={
            <div class="buttons">
              <ActionButton
                action={isPaused ? 'resume' : 'pause'}
                title={isPaused ? 'Resume' : 'Pause'}
                question={
                  isPaused
                    ? 'Samples are taken again.'
                    : 'No samples are taken and nothing is decided until somebody resumes; the history gets a gap.'
                }
                isGrave={!isPaused}
              />
            </div>
          }
        >
          <Facts
            facts={[
              ['size', writeBytes(history?.bytes)],
              ['from', <Time ms={history?.firstMs} />],
              ['to', <Time ms={history?.lastMs} />],
              ['reaches back', writeDuration((history?.lastMs ?? NaN) - (history?.firstMs ?? NaN))],
              ...Object.entries(history?.rows ?? {}).map(
                ([kind, rows]) => [`rows of ${writeName(kind)}`, writeCount(rows)] as const,
              ),
              ['privacy', writeName(value?.privacy ?? status.value?.privacy ?? '–')],
              ['kept in', <Name text={status.value?.home ?? '–'} />],
            ]}
          />
        </Card>
        <NextTrainingCard next={value?.nextTraining ?? status.value?.nextTraining ?? null} />
      </div>
      <Exports runs={value?.exports ?? []} reload={reload} />
      <Publications publications={value?.publications ?? []} />
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
  return (
    <Card
      title="Exports"
      aside={
        <ActionButton
          action="export"
          title="Export"
          question="The history is written as Parquet into the exports folder of this daemon's home, as private as its configuration says."
          onDone={reload}
        />
      }
    >
      <Table
        caption="Exports, the newest first"
        heads={['started', 'what', 'state', 'rows', 'size', 'where']}
        numeric={[3, 4]}
        rows={runs.map((run) => [
          <Time ms={run.startedMs} />,
          writeName(run.kind),
          <ExportState run={run} />,
          writeCount(run.rows),
          writeBytes(run.bytes),
          <Name text={run.folder ?? '–'} />,
        ])}
        empty="Nothing was exported since the daemon started."
      />
    </Card>
  );
}

function ExportState({ run }: { readonly run: ExportRun }): JSX.Element {
  const { state, progress, error, startedMs, endedMs } = run;
  if (state === 'running')
    return (
      <span>
        <progress
          aria-label="Progress of this export"
          {...(typeof progress === 'number' && { value: progress })}
        />
        <small>{typeof progress === 'number' ? writePercent(progress * 100) : 'running'}</small>
      </span>
    );
  if (state === 'failed') return <span class="state state-problem">failed: {writeName(error ?? '')}</span>;
  const tookMs = (endedMs ?? NaN) - (startedMs ?? NaN);
  return <span class="state state-ok">done{Number.isFinite(tookMs) && ` in ${writeDuration(tookMs)}`}</span>;
}

function Publications({ publications }: { readonly publications: readonly Publication[] }): JSX.Element {
  return (
    <Card title="Publications" note="Data sets that were published with a card, version by version.">
      <Table
        caption="Published data sets"
        heads={['name', 'newest', 'versions', 'rows', 'made', 'where']}
        numeric={[2, 3]}
        rows={publications.map((each) => [
          <Name text={each.name} />,
          writeName(each.latest ?? '–'),
          writeCount(each.versions),
          writeCount(each.rows),
          <Time ms={each.createdMs} />,
          <Name text={each.folder ?? '–'} />,
        ])}
        empty="Nothing was published."
      />
    </Card>
  );
}

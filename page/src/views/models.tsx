// Models: every run with what it scored and against what; two of them side by side on the same rows.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { nameOfRule } from '../../../src/pictures/index.ts';
import type { ModelRun } from '../api.ts';
import { status } from '../live.ts';
import { ActionButton, Card, Name, Problem, Table, Time } from '../parts.tsx';
import { goTo, route } from '../route.ts';
import { writeCount, writeName, writeScore } from '../text.ts';
import { ComparisonView } from './comparison.tsx';
import { RunReport } from './run-report.tsx';
import { useAnswer } from './use-answer.ts';

/** References of the two that are compared. */
const chosen = signal<readonly string[]>([]);

export function ModelsView(): JSX.Element {
  const live = status.value?.live?.live ?? null;
  const { value, error, reload } = useAnswer<ModelRun[]>('/api/models', { live: live ?? '' }, 15_000);
  const runs = value ?? [];
  const [a, b] = chosen.value;
  const opened = runs.find(({ reference }) => reference === route.value.params['run']);
  const hasPrevious = runs.some(({ aliases }) => aliases.includes('previous'));
  return (
    <>
      <h1 class="hidden">Models</h1>
      {error !== null && <Problem error={error} />}
      <Card
        title="Models"
        note={describeLive(live)}
        aside={
          <div class="buttons">
            <ActionButton
              action="train"
              title="Train"
              question="The daemon trains a model of the history it has, here and now; it takes the place of the live one only if it is better."
              onDone={reload}
            />
            {hasPrevious && (
              <ActionButton
                action="rollback"
                title="Roll back"
                question="The model that was live before decides again, from the next decision on."
                isGrave
                onDone={reload}
              />
            )}
          </div>
        }
      >
        {value === null && error === null ? (
          <p class="note">Reading …</p>
        ) : (
          <Table
            caption="Models, the newest first; choose two to compare them"
            heads={['compare', 'model', 'score', 'to beat', 'rows', 'parity', 'made', '~what can be done']}
            numeric={[2, 3, 4, 5]}
            rows={runs.map((run) => cellsOf(run, reload))}
            empty="No model is stored yet. The first one of this host's own data comes of: ruvector-memopt train"
            class="models"
            stacks
          />
        )}
      </Card>
      {a !== undefined && b !== undefined && <ComparisonView a={a} b={b} />}
      {chosen.value.length === 1 && (
        <p class="note">Choose a second model to compare them on the same rows.</p>
      )}
      {opened && <RunReport run={opened} />}
    </>
  );
}

function describeLive(live: string | null): JSX.Element {
  if (live === null) return <>No model is live; the rule decides.</>;
  return (
    <>
      Live: <Name text={live} />
    </>
  );
}

const metricWords: Readonly<Record<string, string>> = {
  macroF1: 'macro-F1',
  averagePrecision: 'average precision',
  mae: 'mean absolute error',
};

/** The rule that is hardest to beat: of errors the smallest, of scores the largest. */
function bestBaseline({ baselines, metric }: ModelRun): readonly [string, number] | null {
  const known = Object.entries(baselines).flatMap(([name, score]) =>
    typeof score === 'number' ? [[name, score] as const] : [],
  );
  const sign = metric === 'mae' ? 1 : -1;
  return known.sort(([, a], [, b]) => sign * (a - b))[0] ?? null;
}

function cellsOf(run: ModelRun, reload: () => void): (JSX.Element | string)[] {
  const { reference, interval, parity, metric } = run;
  const best = bestBaseline(run);
  const isChosen = chosen.value.includes(reference);
  const isOpen = route.value.params['run'] === reference;
  return [
    <input
      type="checkbox"
      aria-label={`Compare ${writeName(reference)}`}
      checked={isChosen}
      onChange={() => choose(reference)}
    />,
    <span>
      <Name text={run.name} />{' '}
      {run.aliases.map((alias) => (
        <span key={alias} class={`alias alias-${alias}`}>
          {alias}
        </span>
      ))}
      <small>
        {writeName(run.version)}
        {run.estimator && ` · ${writeName(run.estimator)}`}
      </small>
      {run.problem && <small class="problem">{writeName(run.problem)}</small>}
    </span>,
    <span>
      {writeScore(run.score)}
      <small>{interval ? `${writeScore(interval[0])} to ${writeScore(interval[1])}` : ''}</small>
      <small>{metricWords[metric] ?? metric}</small>
    </span>,
    <span>
      {writeScore(best?.[1])}
      <small>{best ? nameOfRule(best[0]) : ''}</small>
    </span>,
    <span>
      {writeCount(run.rows)}
      {run.heldOutRows !== null && <small>{writeCount(run.heldOutRows)} held out</small>}
      {run.datasetSha256 !== null && (
        <small title={`sha256 of the data: ${run.datasetSha256}`}>data {run.datasetSha256.slice(0, 8)}</small>
      )}
    </span>,
    <span>
      {parity ? writeScore(parity.maxAbsDiff) : '–'}
      <small>{parity?.labelMismatches ? `${parity.labelMismatches} labels differ` : ''}</small>
    </span>,
    <Time ms={run.createdMs} />,
    <div class="buttons">
      {!run.problem && (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => goTo('models', isOpen ? {} : { run: reference }, true)}
        >
          Report<span class="hidden"> of {writeName(reference)}</span>
        </button>
      )}
      {!run.isAnswering && !run.problem && (
        <ActionButton
          action="activate"
          body={{ reference }}
          title="Activate"
          question={`${writeName(reference)} decides from the next decision on. It is verified first; one that fails does not go live.`}
          onDone={reload}
        />
      )}
    </div>,
  ];
}

/** Adds it, or takes it away; of three the oldest choice goes. */
function choose(reference: string): void {
  const held = chosen.value;
  chosen.value = held.includes(reference)
    ? held.filter((other) => other !== reference)
    : [...held, reference].slice(-2);
}

// Two models on the same rows of the history: what each said, how well it knew, and when they disagreed.
import type { JSX } from 'preact';
import { drawReliability, matrixTable } from '../../../src/pictures/index.ts';
import type { ComparedSide, Comparison } from '../api.ts';
import { Chart } from '../charts/chart.tsx';
import { Card, Facts, Name, Problem, Time } from '../parts.tsx';
import { goTo } from '../route.ts';
import { writeCount, writeName, writePercent, writeScore } from '../text.ts';
import { useAnswer } from './use-answer.ts';

export function ComparisonView({ a, b }: { readonly a: string; readonly b: string }): JSX.Element {
  const { value, error } = useAnswer<Comparison>('/api/models/compare', { a, b });
  const isOf = value?.a.reference === a && value.b.reference === b;
  return (
    <Card
      title="Side by side"
      note={value && isOf ? <Rows comparison={value} /> : 'Both answer the same rows …'}
    >
      {error !== null && <Problem error={error} />}
      {value !== null && isOf && (
        <>
          <div class="grid">
            <Side side={value.a} labels={value.labels} />
            <Side side={value.b} labels={value.labels} />
          </div>
          <Disagreements comparison={value} />
        </>
      )}
    </Card>
  );
}

const Rows = ({ comparison: { rows, fromMs, toMs } }: { readonly comparison: Comparison }): JSX.Element => (
  <>
    Both on the same {writeCount(rows)} rows, from <Time ms={fromMs} /> to <Time ms={toMs} />.
  </>
);

function Side({
  side,
  labels,
}: {
  readonly side: ComparedSide;
  readonly labels: readonly string[];
}): JSX.Element {
  const { reference, calibration } = side;
  const hasBins = calibration?.bins.some(({ rows }) => rows > 0) === true;
  return (
    <section class="side rv-report" aria-label={writeName(reference)}>
      <h3>
        <Name text={reference} />
      </h3>
      <Facts
        facts={[
          ['macro-F1', writeScore(side.macroF1)],
          ['accuracy', side.accuracy === null ? '–' : writePercent(side.accuracy * 100)],
          ['calibration error', writeScore(calibration?.ece)],
        ]}
      />
      <div dangerouslySetInnerHTML={{ __html: matrixTable(side.confusion, labels.map(writeName)) }} />
      {calibration && hasBins && <div dangerouslySetInnerHTML={{ __html: drawReliability(calibration) }} />}
    </section>
  );
}

function Disagreements({ comparison }: { readonly comparison: Comparison }): JSX.Element | null {
  const { disagreements, agreement } = comparison;
  if (disagreements === null || disagreements.times.length === 0) return null;
  const { times, counts, rows } = disagreements;
  const first = times[0]!;
  const last = times.at(-1)!;
  return (
    <>
      <h3>Disagreements over time</h3>
      <p class="note">
        They agree on {agreement === null ? '–' : writePercent(agreement * 100)} of the rows. A click shows
        the moment.
      </p>
      <Chart
        title="Share of rows on which they disagree"
        times={times}
        fromMs={first}
        toMs={Math.max(last, first + 1000)}
        write={writePercent}
        atLeast={1}
        lines={[
          {
            label: 'disagree',
            colour: 'swap',
            values: counts.map((count, at) => (rows[at] ? (100 * count) / rows[at] : null)),
            isFilled: true,
          },
        ]}
        onMoment={(atMs) => goTo('then', { from: atMs - 150_000, to: atMs + 150_000, at: Math.round(atMs) })}
      />
    </>
  );
}

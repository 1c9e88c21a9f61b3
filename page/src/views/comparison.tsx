// Two models on the same rows of the history: what each said, how well it knew, and when they disagreed.
import type { JSX } from 'preact';
import { drawReliability, matrixTable } from '../../../src/pictures/index.ts';
import type { CalibrationFacts } from '../../../src/pictures/index.ts';
import type { AnswerFacts, Comparison, SideFacts } from '../api.ts';
import { Chart } from '../charts/chart.tsx';
import { Card, Facts, Name, Problem } from '../parts.tsx';
import { goTo } from '../route.ts';
import { writeCount, writeLabel, writeName, writePercent, writeScore } from '../text.ts';
import { useAnswer } from './use-answer.ts';

export function ComparisonView({ a, b }: { readonly a: string; readonly b: string }): JSX.Element {
  const { value, error } = useAnswer<Comparison>('/api/models/compare', { a, b });
  const found = value?.a.reference === a && value.b.reference === b ? value : null;
  return (
    <Card title="Side by side" note={found === null ? 'Both answer the same rows …' : describeRows(found)}>
      {error !== null && <Problem error={error} />}
      {found !== null && (
        <>
          <p class="verdict">{writeName(found.verdict)}</p>
          <div class="grid">
            <Side side={found.a} comparison={found} answers={found.details?.a} />
            <Side side={found.b} comparison={found} answers={found.details?.b} />
          </div>
          <Disagreements comparison={found} />
        </>
      )}
    </Card>
  );
}

const describeRows = ({ rows, source }: Comparison): string =>
  `Both on the same ${writeCount(rows)} rows: ${writeName(source)}.`;

function Side(props: {
  readonly side: SideFacts;
  readonly comparison: Comparison;
  readonly answers: AnswerFacts | undefined;
}): JSX.Element {
  const { side, answers } = props;
  const labels = props.comparison.details?.labels ?? [];
  const calibration = answers && calibrationOf(answers);
  return (
    <section class="side rv-report" aria-label={writeName(side.reference)}>
      <h3>
        <Name text={side.reference} />
      </h3>
      <Facts
        facts={[
          ...scoresOf(side),
          ['95 %', side.interval ? side.interval.map(writeScore).join(' to ') : '–'],
          ...(answers ? [['accuracy', writePercent(100 * accuracyOf(answers.confusion))] as const] : []),
          ...(calibration ? [['calibration error', writeScore(calibration.ece)] as const] : []),
        ]}
      />
      {/* Text is escaped where these are built. */}
      {answers && (
        <div dangerouslySetInnerHTML={{ __html: matrixTable(answers.confusion, labels.map(writeLabel)) }} />
      )}
      {calibration && calibration.bins.length > 0 && (
        <div dangerouslySetInnerHTML={{ __html: drawReliability(calibration) }} />
      )}
    </section>
  );
}

function scoresOf({ macroF1, averagePrecision, mae }: SideFacts): (readonly [string, string])[] {
  if (averagePrecision !== undefined) return [['average precision', writeScore(averagePrecision)]];
  if (mae !== undefined) return [['mean absolute error', writeScore(mae)]];
  return [['macro-F1', writeScore(macroF1)]];
}

function accuracyOf(confusion: AnswerFacts['confusion']): number {
  const all = confusion.flat().reduce((sum, count) => sum + count, 0);
  return confusion.reduce((sum, row, at) => sum + (row[at] ?? 0), 0) / (all || 1);
}

/** As a report has it; the error is the mean distance from the diagonal, by rows. */
function calibrationOf({ calibration }: AnswerFacts): CalibrationFacts {
  const all = calibration.reduce((sum, { rows }) => sum + rows, 0) || 1;
  return {
    ece: calibration.reduce(
      (sum, { rows, accuracy, meanProbability }) => sum + (rows / all) * Math.abs(accuracy - meanProbability),
      0,
    ),
    bins: calibration.map(({ from, to, rows, meanProbability, accuracy }) => ({
      low: from,
      high: to,
      rows,
      accuracy,
      confidence: meanProbability,
    })),
  };
}

function Disagreements({ comparison }: { readonly comparison: Comparison }): JSX.Element | null {
  const { details, rows } = comparison;
  if (details === null || details.overTime.length === 0) return null;
  const { differ, overTime } = details;
  const first = overTime[0]!.fromMs;
  const last = overTime.at(-1)!.toMs;
  const times = overTime.map(({ fromMs, toMs }) => (fromMs + toMs) / 2);
  return (
    <>
      <h3>Disagreements over time</h3>
      <p class="note">
        They say different things on {writeCount(differ)} of {writeCount(rows)} rows. A click shows the
        moment.
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
            values: overTime.map((bin) => (bin.rows > 0 ? (100 * bin.differ) / bin.rows : null)),
            isFilled: true,
          },
        ]}
        onMoment={(atMs) => goTo('then', { from: atMs - 150_000, to: atMs + 150_000, at: Math.round(atMs) })}
      />
    </>
  );
}

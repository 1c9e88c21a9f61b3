// The training report of one model, drawn by what draws it everywhere.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { buildTrainingReport } from '../../../src/pictures/index.ts';
import type { ReportFacts } from '../../../src/pictures/index.ts';
import type { ModelRun } from '../api.ts';
import { Problem } from '../parts.tsx';
import { useAnswer } from './use-answer.ts';

export function RunReport({ run }: { readonly run: ModelRun }): JSX.Element {
  const { reference } = run;
  const { value, error } = useAnswer<ReportFacts>('/api/models/manifest', { reference });
  const html = useMemo(() => build(value), [value]);
  if (error !== null) return <Problem error={error} />;
  if (html instanceof Error) return <Problem error={html} />;
  return (
    <article class="rv-report" aria-label={`Training report of ${reference}`}>
      {/* Its text is escaped where it is built. */}
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </article>
  );
}

/** A manifest of another version may lack what a picture needs: then that is said. */
function build(facts: ReportFacts | null): string | Error {
  if (facts === null) return '';
  try {
    return buildTrainingReport(facts);
  } catch (cause) {
    return new Error('Cannot draw the report of this model: its manifest is of another version.', { cause });
  }
}

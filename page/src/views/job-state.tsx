// How far something is that takes a while, and what became of it: exports, publications.
import type { JSX } from 'preact';
import { writeDuration, writeName } from '../text.ts';

/** What runs by itself. */
interface Job {
  readonly state: 'running' | 'done' | 'failed';
  readonly startedMs: number | null;
  readonly endedMs?: number | null;
  readonly error?: string | null;
}

/** A bar while it runs; afterwards how long it took, or why it failed. */
export function JobState(props: {
  readonly job: Job;
  /** For screen readers: "export". */
  readonly what: string;
  /** Null where nobody knows how much there is. */
  readonly share: number | null;
  /** Beside the bar. */
  readonly note: string;
}): JSX.Element {
  const { job, what, share, note } = props;
  if (job.state === 'running') {
    return (
      <span>
        <progress aria-label={`Progress of this ${what}`} {...(share !== null && { value: share })} />
        <small>{note}</small>
      </span>
    );
  }
  if (job.state === 'failed')
    return <span class="state state-missing">failed: {writeName(job.error ?? '')}</span>;
  const tookMs = (job.endedMs ?? NaN) - (job.startedMs ?? NaN);
  return <span class="state state-ok">done{Number.isFinite(tookMs) && ` in ${writeDuration(tookMs)}`}</span>;
}

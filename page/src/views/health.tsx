// Health: what `doctor` finds, problems first, and the events that were sent out.
import type { JSX } from 'preact';
import type { EventsAnswer, HealthAnswer } from '../api.ts';
import { Card, Folded, Name, Problem, Table, Time } from '../parts.tsx';
import { writeCount, writeName } from '../text.ts';
import { useAnswer } from './use-answer.ts';

const order = { problem: 0, warning: 1, ok: 2 } as const;
const words = { problem: 'problem', warning: 'warning', ok: 'in order' } as const;
const signs = { problem: '✕', warning: '!', ok: '✓' } as const;

export function HealthView(): JSX.Element {
  const health = useAnswer<HealthAnswer>('/api/health', {}, 30_000);
  const events = useAnswer<EventsAnswer>('/api/events', {}, 5000);
  return (
    <>
      <h1 class="hidden">Health</h1>
      {health.error !== null && <Problem error={health.error} />}
      <Checks answer={health.value} reload={health.reload} />
      {events.error !== null && <Problem error={events.error} />}
      <Events answer={events.value} />
    </>
  );
}

function Checks(props: { readonly answer: HealthAnswer | null; readonly reload: () => void }): JSX.Element {
  const checks = (props.answer?.checks ?? []).toSorted((a, b) => order[a.state] - order[b.state]);
  const open = checks.filter(({ state }) => state !== 'ok').length;
  return (
    <Card
      title="Doctor"
      note={
        props.answer === null
          ? 'Looking …'
          : open === 0
            ? 'Everything is in order.'
            : `${open} of ${checks.length} need a look.`
      }
      aside={
        <button type="button" onClick={props.reload}>
          Look again
        </button>
      }
    >
      <ul class="checks">
        {checks.map(({ name, state, detail, next }) => (
          <li key={name} class={`check check-${state}`}>
            <span class={`state state-${state}`}>
              <i aria-hidden="true">{signs[state]}</i> {words[state]}
            </span>
            <div>
              <b>{writeName(name)}</b>
              <p>{writeName(detail)}</p>
              {next && <p class="next">→ {writeName(next)}</p>}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Events({ answer }: { readonly answer: EventsAnswer | null }): JSX.Element {
  return (
    <Card title="Events" note="What was told to other programs, the newest first.">
      <Table
        caption="Events"
        heads={['at', 'severity', 'kind', 'message', '~details']}
        rows={(answer?.events ?? []).map((event) => [
          <Time ms={Date.parse(event.timestamp)} />,
          <span class={`severity severity-${event.severity}`}>{event.severity}</span>,
          event.kind,
          writeName(event.message),
          <Folded title="Details">{() => <pre tabIndex={0}>{writeDetails(event.details)}</pre>}</Folded>,
        ])}
        empty="No event since the daemon started."
        class="tall"
      />
      {answer?.sinks !== undefined && answer.sinks.length > 0 && (
        <Table
          caption="Where events go"
          heads={['sink', 'delivered', 'failed', 'held back', 'dropped', 'last error']}
          numeric={[1, 2, 3, 4]}
          rows={answer.sinks.map((sink) => [
            <Name text={sink.name} />,
            writeCount(sink.delivered),
            writeCount(sink.failed),
            writeCount(sink.suppressed),
            writeCount(sink.dropped),
            writeName(sink.lastError ?? ''),
          ])}
        />
      )}
      {answer?.sinks?.length === 0 && (
        <p class="note">
          They are sent nowhere: start the daemon with <code>--on-event</code> to have them at a program, a
          webhook or the journal.
        </p>
      )}
    </Card>
  );
}

/** JSON over lines; a name within it cannot turn or hide what follows. */
const writeDetails = (details: unknown): string =>
  JSON.stringify(details ?? {}, null, 2)
    .split('\n')
    .map(writeName)
    .join('\n');

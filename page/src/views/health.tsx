// Health: what `doctor` finds, problems first, and the events that were sent out.
import type { JSX } from 'preact';
import type { HealthAnswer, SentEvent } from '../api.ts';
import { status } from '../live.ts';
import { Card, Folded, Name, Problem, Table, Time } from '../parts.tsx';
import { writeCount, writeName } from '../text.ts';
import { useAnswer } from './use-answer.ts';

const order = { missing: 0, limited: 1, ok: 2 } as const;
const words = { missing: 'missing', limited: 'limited', ok: 'in order' } as const;
const signs = { missing: '✕', limited: '!', ok: '✓' } as const;

export function HealthView(): JSX.Element {
  const health = useAnswer<HealthAnswer>('/api/health', {}, 60_000);
  const events = useAnswer<SentEvent[]>('/api/events', {}, 5000);
  return (
    <>
      <h1 class="hidden">Health</h1>
      {health.error !== null && <Problem error={health.error} />}
      <Checks answer={health.value} reload={health.reload} />
      {events.error !== null && <Problem error={events.error} />}
      <Events events={events.value ?? []} />
    </>
  );
}

function Checks(props: { readonly answer: HealthAnswer | null; readonly reload: () => void }): JSX.Element {
  const checks = (props.answer?.checks ?? []).toSorted((a, b) => order[a.state] - order[b.state]);
  return (
    <Card
      title="Doctor"
      note={describeChecks(props.answer)}
      aside={
        <button type="button" onClick={props.reload}>
          Look again
        </button>
      }
    >
      <ul class="checks">
        {checks.map(({ name, state, found, costs, fix }) => (
          <li key={name} class={`check check-${state}`}>
            <span class={`state state-${state}`}>
              <i aria-hidden="true">{signs[state]}</i> {words[state]}
            </span>
            <div>
              <b>{writeName(name)}</b>
              <p>{writeName(found)}</p>
              {state !== 'ok' && (
                <>
                  <p>What it costs: {writeName(costs)}</p>
                  <p class="next">
                    → <code>{writeName(fix)}</code>
                  </p>
                </>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function describeChecks(answer: HealthAnswer | null): string {
  if (answer === null) return 'Looking; this takes some seconds …';
  const open = answer.checks.filter(({ state }) => state !== 'ok').length;
  return open === 0
    ? 'Everything is in order.'
    : `${open} of ${answer.checks.length} need a look; they stand first.`;
}

function Events({ events }: { readonly events: readonly SentEvent[] }): JSX.Element {
  const sinks = status.value?.events ?? [];
  return (
    <Card title="Events" note="Changes that are told to other programs, the newest first.">
      <Table
        caption="Events"
        heads={['at', 'severity', 'kind', 'message', '~details']}
        rows={events.map((event) => [
          <Time ms={Date.parse(event.timestamp)} />,
          <span class={`severity severity-${event.severity}`}>{event.severity}</span>,
          event.kind,
          writeName(event.message),
          <Folded title="Details">{() => <pre tabIndex={0}>{writeDetails(event.details)}</pre>}</Folded>,
        ])}
        empty="No event since the daemon started."
        class="tall"
        stacks
      />
      {sinks.length > 0 ? (
        <Table
          caption="Where events go"
          heads={['sink', 'delivered', 'failed', 'held back', 'dropped', 'last error']}
          numeric={[1, 2, 3, 4]}
          rows={sinks.map((sink) => [
            <Name text={`${sink.sink} ${sink.target}`} />,
            writeCount(sink.delivered),
            writeCount(sink.failed),
            writeCount(sink.suppressed),
            writeCount(sink.dropped),
            writeName(sink.lastError ?? ''),
          ])}
          stacks
        />
      ) : (
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

// The page of a daemon: the frame around its views.
import { render } from 'preact';
import type { JSX } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { announcements } from './announce.ts';
import { connection, connectNow, decision, latest, startLive, status } from './live.ts';
import { Label, Name, Problem, Time } from './parts.tsx';
import { linkTo, route, views } from './route.ts';
import type { View } from './route.ts';
import { writeDuration, zone } from './text.ts';
import { DataView } from './views/data.tsx';
import { HealthView } from './views/health.tsx';
import { ModelsView } from './views/models.tsx';
import { NowView } from './views/now.tsx';
import { ThenView } from './views/then.tsx';

const shown: Readonly<Record<View, readonly [name: string, content: () => JSX.Element]>> = {
  now: ['Now', NowView],
  // oxlint-disable-next-line unicorn/no-thenable -- a name of a view; nobody awaits the table
  then: ['Then', ThenView],
  models: ['Models', ModelsView],
  data: ['Data', DataView],
  health: ['Health', HealthView],
};

function Page(): JSX.Element {
  const [, Content] = shown[route.value.view];
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Head />
      <Lost />
      <main id="content" tabIndex={-1}>
        <Guarded key={route.value.view} content={Content} />
      </main>
      <Foot />
      <Announcement />
    </>
  );
}

/** A view that fails says so; the others go on. */
function Guarded({ content: Content }: { readonly content: () => JSX.Element }): JSX.Element {
  const [error] = useErrorBoundary();
  return error === undefined ? <Content /> : <Problem error={error} />;
}

const Announcement = (): JSX.Element => (
  <div class="hidden" role="status" aria-live="polite" aria-atomic="false">
    {announcements.value.map(({ id, text }) => (
      <p key={id}>{text}</p>
    ))}
  </div>
);

/** The hash is the route, so the browser must not follow this link itself. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#content')?.focus();
}

function Head(): JSX.Element {
  return (
    <header class="head">
      <div class="who">
        <span class="host">{status.value ? <Name text={status.value.host} /> : 'ruvector-memopt'}</span>
        <Label label={decision.value?.label} />
      </div>
      <nav aria-label="Views">
        {views.map((view) => (
          <a key={view} href={linkTo(view)} aria-current={route.value.view === view ? 'page' : undefined}>
            {shown[view][0]}
          </a>
        ))}
      </nav>
      <Pulse />
    </header>
  );
}

/** Whether samples come in. */
function Pulse(): JSX.Element {
  const { state } = connection.value;
  const words = {
    connecting: 'Connecting …',
    live: 'Live',
    lost: 'Not connected',
    refused: 'Refused',
  };
  return (
    <span class={`pulse pulse-${state}`}>
      <i aria-hidden="true" />
      {words[state]}
    </span>
  );
}

/** Says since when nobody answers, and what happens next. */
function Lost(): JSX.Element | null {
  const now = connection.value;
  if (now.state === 'refused')
    return (
      <p class="banner" role="alert">
        {now.message} Open this page with <code>ruvector-memopt page</code>, which prints its address.
      </p>
    );
  if (now.state !== 'lost') return null;
  return (
    <p class="banner" role="alert">
      Nothing from the daemon since <Time ms={latest.value?.atMs ?? now.sinceMs} />. What is below is from
      then; the page connects again by itself and fills the gap from the history.{' '}
      <button type="button" onClick={connectNow}>
        Try now
      </button>
    </p>
  );
}

function Foot(): JSX.Element {
  const { value } = status;
  if (value === null) return <footer class="foot" />;
  return (
    <footer class="foot">
      ruvector-memopt {value.version}, process {value.pid}, runs since <Time ms={value.startedAtMs} />, a
      sample every {writeDuration(1000 / value.hz)}. Times are {zone}
      {zone !== 'UTC' && '; UTC on hover'}.
    </footer>
  );
}

render(<Page />, document.querySelector('#page')!);
startLive();

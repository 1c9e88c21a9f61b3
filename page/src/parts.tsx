// The small parts that every view is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { act, ApiError } from './api.ts';
import { say } from './announce.ts';
import { status } from './live.ts';
import { urgencyOf, writeLabel, writeName, writePercent, writeTime, writeUtc } from './text.ts';

/** A section with a heading; `aside` stands at its right. */
export function Card(props: {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class={`card ${props.class ?? ''}`}>
      <header class="card-head">
        <h2>{props.title}</h2>
        {props.aside}
      </header>
      {props.note !== undefined && <p class="note">{props.note}</p>}
      {props.children}
    </section>
  );
}

/** A time in the viewer's zone, in UTC when one hovers over it. */
export function Time({ ms }: { readonly ms: number | null | undefined }): JSX.Element {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return <span>–</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={writeUtc(ms)}>
      {writeTime(ms)}
    </time>
  );
}

/** A name that others chose: its own direction, nothing invisible, at most one line. */
export function Name({ text }: { readonly text: string }): JSX.Element {
  const shown = writeName(text);
  return (
    <bdi class="name" title={shown}>
      {shown}
    </bdi>
  );
}

/** A label with the colour of its urgency; the words alone say it, too. */
export function Label({ label }: { readonly label: string | null | undefined }): JSX.Element {
  return <span class={`label urgency-${urgencyOf(label)}`}>{writeLabel(label)}</span>;
}

/** Names and values. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [string, ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A table that scrolls within itself; the first column names the row. */
export function Table(props: {
  readonly caption: string;
  /** One that begins with `~` is for screen readers only. */
  readonly heads: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** Columns whose cells are figures. */
  readonly numeric?: readonly number[];
  readonly empty?: string;
  readonly class?: string;
  /** On a phone each row is a block, each cell a line with its head. */
  readonly stacks?: boolean;
}): JSX.Element {
  const { caption, heads, rows, numeric = [], empty = 'None yet.', stacks = false } = props;
  const kind = (at: number): string | undefined => (numeric.includes(at) ? 'n' : undefined);
  const headOf = (at: number): string | undefined => (heads[at]?.startsWith('~') ? undefined : heads[at]);
  const name = ['scroll', stacks && 'stacks', props.class].filter(Boolean).join(' ');
  if (rows.length === 0) return <p class="note">{empty}</p>;
  // Roles are said, for a table that is laid out as something else loses its own in some browsers.
  return (
    <div class={name} role="region" aria-label={caption} tabIndex={0}>
      <table role="table">
        <caption class="hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {heads.map((head, at) => (
              <th scope="col" role="columnheader" key={at} class={kind(at)}>
                {head.startsWith('~') ? <span class="hidden">{head.slice(1)}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((cells, row) => (
            <tr role="row" key={row}>
              {cells.map((cell, at) =>
                at === 0 ? (
                  <th scope="row" role="rowheader" key={at} data-head={headOf(at)}>
                    {cell}
                  </th>
                ) : (
                  <td role="cell" key={at} class={kind(at)} data-head={headOf(at)}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A share as a bar; the figure stands beside it. */
export function Bar({
  share,
  kind = 'main',
}: {
  readonly share: number;
  readonly kind?: string;
}): JSX.Element {
  const percent = Math.max(0, Math.min(100, share * 100));
  return (
    <svg class={`bar bar-${kind}`} viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-rest" width="100" height="1" />
      <rect class="bar-part" width={percent} height="1" />
    </svg>
  );
}

/** Content that is only made when somebody opens it. */
export function Folded(props: {
  readonly title: string;
  readonly children: () => ComponentChildren;
}): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.title}</summary>
      {isOpen && props.children()}
    </details>
  );
}

/** What went wrong, with the next step that the daemon named. */
export function Problem({ error }: { readonly error: unknown }): JSX.Element {
  const text = error instanceof Error ? error.message : String(error);
  return (
    <p class="problem" role="alert">
      {writeName(text)}
      {error instanceof ApiError && error.code !== '' && <code>{error.code}</code>}
    </p>
  );
}

/** Lines of code with a button that copies them. */
export function Snippet({
  code,
  language,
}: {
  readonly code: string;
  readonly language: string;
}): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(code);
    setCopied(true);
    say(`${language} copied.`);
  };
  useEffect(() => setCopied(false), [code]);
  return (
    <div class="snippet">
      <div class="snippet-head">
        <span>{language}</span>
        <button type="button" onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
          <span class="hidden"> {language}</span>
        </button>
      </div>
      <pre tabIndex={0} aria-label={`${language} for a notebook`}>
        <code>{code}</code>
      </pre>
    </div>
  );
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Within a frame the clipboard may be closed; a selection can still be copied.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

/** A button that asks before it lets the daemon do something; nothing where the page may only read. */
export function ActionButton(props: {
  readonly action: string;
  readonly body?: object;
  readonly title: string;
  /** What will happen, in words. */
  readonly question: string;
  readonly isGrave?: boolean;
  readonly onDone?: () => void;
}): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const { actions, csrf } = status.value ?? {};
  if (actions !== true || typeof csrf !== 'string') return null;
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { text } = await act(props.action, csrf, props.body ?? {});
      say(text ?? `${props.title}: done.`);
      dialog.current?.close();
      props.onDone?.();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" class={props.isGrave ? 'grave' : ''} onClick={() => dialog.current?.showModal()}>
        {props.title}
      </button>
      <dialog ref={dialog} aria-label={props.title} onClose={() => setError(null)}>
        <h2>{props.title}?</h2>
        <p>{props.question}</p>
        {error !== null && <Problem error={error} />}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="button" class="confirm" disabled={isBusy} onClick={() => void run()}>
            {isBusy ? 'Working …' : props.title}
          </button>
        </div>
      </dialog>
    </>
  );
}

/** How probable each label is; nothing when nobody says. */
export function Probabilities({
  of: shares,
}: {
  readonly of: Readonly<Record<string, number>> | null | undefined;
}): JSX.Element | null {
  if (!shares) return null;
  return (
    <ul class="probabilities" aria-label="Probability of each label">
      {Object.entries(shares).map(([name, share]) => (
        <li key={name}>
          <span>{writeLabel(name)}</span>
          <Bar share={share} kind={`urgency-${urgencyOf(name)}`} />
          <span class="n">{writePercent(share * 100)}</span>
        </li>
      ))}
    </ul>
  );
}

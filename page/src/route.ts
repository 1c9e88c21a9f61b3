// Where one is: the view and what it shows, in the hash of the address, so that every place can be bookmarked, sent to
// a colleague and left by the browser's back button.
import { signal } from '@preact/signals';

export const views = ['now', 'then', 'models', 'data', 'health'] as const;
export type View = (typeof views)[number];

export interface Route {
  readonly view: View;
  readonly params: Readonly<Record<string, string>>;
}

export const route = signal<Route>(readRoute());
addEventListener('hashchange', () => (route.value = readRoute()));

function readRoute(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const view = views.find((name) => name === path) ?? 'now';
  return { view, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a place within the page; parameters that are null are left out. */
export function linkTo(view: View, params: Readonly<Record<string, string | number | null>> = {}): string {
  const known = Object.entries(params).filter(([, value]) => value !== null);
  const query = new URLSearchParams(known.map(([name, value]) => [name, String(value)]));
  return query.size > 0 ? `#/${view}?${query}` : `#/${view}`;
}

/** Goes there; `replace` leaves no step for the back button. */
export function goTo(
  view: View,
  params: Readonly<Record<string, string | number | null>> = {},
  replace = false,
): void {
  const link = linkTo(view, params);
  if (link === location.hash) return;
  if (replace) history.replaceState(null, '', link);
  else history.pushState(null, '', link);
  route.value = readRoute();
}
addEventListener('popstate', () => (route.value = readRoute()));

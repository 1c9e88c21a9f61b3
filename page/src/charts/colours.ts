// Colours of the style sheet for a canvas, in the theme that the system has now.

const known = new Map<string, string>();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => known.clear());

/** The colour `--c-NAME`, #rrggbb; `alpha` from 0 to 1. */
export function colourOf(name: string, alpha = 1): string {
  let colour = known.get(name);
  if (colour === undefined) {
    colour = getComputedStyle(document.documentElement).getPropertyValue(`--c-${name}`).trim() || '#888888';
    known.set(name, colour);
  }
  return alpha === 1
    ? colour
    : `${colour}${Math.round(alpha * 255)
        .toString(16)
        .padStart(2, '0')}`;
}

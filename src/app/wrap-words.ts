// Text for a terminal of so many columns: lines end between words, where a terminal by itself breaks them anywhere.

/** Narrower than this nothing is gained. */
const MIN_WIDTH = 20;

/**
 * Breaks lines at spaces. A word that is longer than a line, such as a path, stays whole: it can be copied.
 * @param indent columns before every line but the first
 */
export function wrapWords(text: string, width: number, indent = 0): string {
  const room = width - indent;
  if (!Number.isFinite(width) || room < MIN_WIDTH) return text;
  const lines = text.split('\n').flatMap((line) => wrapLine(line, room));
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Keeps what a line begins with, so that lists stay lists. */
function wrapLine(line: string, room: number): string[] {
  if (line.length <= room) return [line];
  const lead = /^\s*/.exec(line)![0];
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    const isFirst = current.length === lead.length && current.trim() === '';
    if (isFirst) current += word;
    else if (current.length + 1 + word.length <= room) current += ` ${word}`;
    else {
      lines.push(current);
      current = lead + word;
    }
  }
  return [...lines, current];
}

/** Columns of what a stream is shown on; endless where it is no terminal, so that programs read whole lines. */
export const columnsOf = (stream: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  stream.isTTY === true && (stream.columns ?? 0) > 0 ? stream.columns! : Infinity;

// The parts that pipelines may name, as text.
import { describeDefault, describeWanted } from '../../core/index.ts';
import type { OptionEntry } from '../../core/index.ts';
import type { PartKind, RegisteredPart } from '../../pipeline/index.ts';
import { formatRows } from '../terminal.ts';

const headings: Readonly<Record<PartKind, string>> = {
  source: 'Sources',
  transform: 'Transforms',
  sink: 'Sinks',
};

/** @param isDetailed with the options of each */
export function renderParts(parts: readonly RegisteredPart[], isDetailed: boolean): string {
  if (isDetailed) return parts.map(renderPart).join('\n\n');
  const kinds = (Object.keys(headings) as PartKind[]).map((kind) => {
    const rows = parts
      .filter((part) => part.kind === kind)
      .map(({ entry }) => [`  ${entry.name}`, entry.about] as const);
    return rows.length === 0 ? '' : `${headings[kind]}\n${formatRows(rows)}`;
  });
  return `${kinds.filter((text) => text !== '').join('\n\n')}\n\n\`pipeline list <name>\` has the options of one.`.replaceAll(
    '`',
    '',
  );
}

function renderPart({ kind, from, entry }: RegisteredPart): string {
  const { name, about, options, required = [], sources = {} } = entry;
  const rows = Object.entries(options).map(
    ([option, given]) => [`  ${option}`, describeOption(given, required.includes(option))] as const,
  );
  const tables = Object.entries(sources).map(
    ([option, text]) => [`  ${option}`, `${text}, a source; required`] as const,
  );
  const lines = [...rows, ...tables];
  const head = `${kind} ${name}${from === 'built in' ? '' : ` (${from})`}: ${about}`;
  return `${head}${lines.length > 0 ? `\n${formatRows(lines)}` : ''}`.replaceAll('`', '');
}

function describeOption(entry: OptionEntry, isRequired: boolean): string {
  const fallback =
    describeDefault(entry) ?? (entry.type === 'boolean' ? String(entry.default ?? false) : undefined);
  const notes = [describeWanted(entry), isRequired ? 'required' : `default: ${fallback ?? 'none'}`];
  return `${entry.about} (${notes.join('; ')})`;
}

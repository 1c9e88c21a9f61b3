// Outputs of a run → the text of a notebook file: only what every viewer can show, without places and names of the machine
// that ran it. Pure.
import { stripVTControlCharacters } from 'node:util';

/** Largest output of a cell that is stored, as JSON. */
const MOST_BYTES = 200_000;

/**
 * The text of a notebook with outputs.
 * @param text of the file without them, or with older ones
 * @param outputs of its code cells by their ids
 * @param machine `places`: pairs of a path and what stands for it; `told`: names that must not be in the file
 * @throws Error that names the cell that shows what must not be stored
 */
export function storeOutputs(text, outputs, { places, told }) {
  const notebook = JSON.parse(text);
  let count = 0;
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    cell.execution_count = ++count;
    cell.outputs = joinStreams(outputs[cell.id] ?? []).map((output) => storeOutput(output, places, count));
    refuse(cell, told);
  }
  const indent = /^\{\n( +)/.exec(text)?.[1].length ?? 1;
  return `${JSON.stringify(notebook, null, indent)}\n`;
}

function refuse(cell, told) {
  const json = JSON.stringify(cell.outputs);
  // Not in the letters of a picture's bytes.
  const names = told.map((name) => [name, new RegExp(`(?<![\\w+/=])${RegExp.escape(name)}(?![\\w+/=])`)]);
  const found = names.find(([, pattern]) => pattern.test(json))?.[0];
  if (found !== undefined) throw new Error(`Cannot store cell "${cell.id}": it shows "${found}".`);
  if (json.length > MOST_BYTES)
    throw new Error(`Cannot store cell "${cell.id}": its outputs have ${json.length} bytes; draw less.`);
}

/** What a cell wrote in several messages is one text. */
function joinStreams(outputs) {
  const joined = [];
  for (const output of outputs) {
    const before = joined.at(-1);
    const isMore = output.output_type === 'stream' && before?.name === output.name;
    if (isMore) joined[joined.length - 1] = { ...before, text: before.text + output.text };
    else joined.push(output);
  }
  return joined;
}

function storeOutput(output, places, count) {
  const stored = mapTexts(output, (text) =>
    places.reduce((rest, [path, shown]) => rest.replaceAll(path, shown), text),
  );
  if (stored.text !== undefined) return { ...stored, text: linesOf(stored.text) };
  if (stored.data === undefined) return stored;
  const data = Object.fromEntries(
    selectData(stored.data).map(([mime, held]) => [mime, storeData(mime, held)]),
  );
  const metadata = stored.metadata ?? {};
  return stored.output_type === 'execute_result'
    ? { ...stored, data, metadata, execution_count: count }
    : { ...stored, data, metadata };
}

/** A picture of a chart says what the chart does, in a tenth of its size, in every viewer. */
function selectData(data) {
  const hasPicture = 'image/svg+xml' in data || 'image/png' in data;
  return Object.entries(data).filter(([mime]) => !(hasPicture && mime.startsWith('application/vnd.vega')));
}

function storeData(mime, held) {
  if (typeof held !== 'string' || mime.startsWith('image/png')) return held;
  return linesOf(mime === 'image/svg+xml' ? shortenPicture(held) : held);
}

/** Without what Vega says of each point for screen readers, and with two digits behind the point of a coordinate. */
const shortenPicture = (svg) =>
  svg
    .replaceAll(/ (?:aria-[a-z]+|role)="[^"]*"/g, '')
    .replaceAll(/(?<=[\d ,"(LMlmhvHVCcZz-]\d*)(\.\d\d)\d+(?=[ ,")LMlmhvHVCcZz-])/g, '$1');

const linesOf = (text) => stripVTControlCharacters(text).split(/(?<=\n)/);

function mapTexts(value, change) {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, mapTexts(held, change)]));
}

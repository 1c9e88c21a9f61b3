// `export --stream`: options → a served stream, and what a person sees of it.
import type { Home } from '../../core/index.ts';
import { parseFilter, streamDefaults, streamFormats, streamOptions } from '../../stream/index.ts';
import type { StreamFormat, StreamRequest } from '../../stream/index.ts';
import { configError } from '../errors.ts';
import { describeReading, runStreamCommand } from '../streams/stream-command.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import type { ExportCommandOptions } from './export-command-options.ts';
import { pickOptions } from './table-options.ts';

/** Serves until Ctrl-C. @throws ConfigError for a format that no stream has, and what `runStreamCommand` throws */
export async function runExportStream(home: Home, options: ExportCommandOptions): Promise<void> {
  const { port, json } = options;
  const { endpoint, token, anonymize, format = streamDefaults.format } = pickOptions(streamOptions, options);
  using stop = abortOnSignals();
  const last = await runStreamCommand({
    home,
    format: formatOf(format),
    request: buildRequest(options),
    ...(anonymize !== undefined && { anonymize }),
    ...(port !== undefined && { port }),
    ...(endpoint !== undefined && { endpoint }),
    ...(token !== undefined && { token }),
    signal: stop.signal,
    onStart: (info) => {
      if (json) printJson(info);
      else print(`streaming ${info.format} at ${info.endpoint}: read it with ${describeReading(info)}`);
    },
    onLog: (text) => void process.stderr.write(`${text}\n`),
  });
  if (json) printJson(last);
  else print(formatRows(Object.entries(last).map(([name, value]) => [name, String(value)])));
}

function formatOf(name: string): StreamFormat {
  const wanted = name === 'jsonl' || name === 'json' ? 'jsonlines' : name;
  const format = streamFormats.find((known) => known === wanted);
  if (format) return format;
  throw configError([`--format is "${name}", wanted one of ${streamFormats.join(', ')} for --stream`]);
}

/** Tables and columns are checked against the stream. */
function buildRequest(options: ExportCommandOptions): StreamRequest {
  const { tables, intervalMs, filters } = pickOptions(streamOptions, options);
  return {
    ...(tables && { tables }),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(filters && { filters: filters.map((text) => parseFilter(text)) }),
  };
}

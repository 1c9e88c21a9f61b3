// The body of an action: a small JSON object, or nothing.
import type { IncomingMessage } from 'node:http';
import { pageRequestError, pageTooLargeError } from './errors.ts';
import type { PageRow } from './page-source.ts';

const MAX_BODY_BYTES = 16_384;

/** Reads it. @throws RuvectorError `ERR_PAGE_TOO_LARGE`, `ERR_PAGE_REQUEST` */
export async function readBody(request: IncomingMessage, path: string): Promise<PageRow> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > MAX_BODY_BYTES) throw pageTooLargeError(path, MAX_BODY_BYTES);
    pieces.push(piece);
  }
  if (sizeBytes === 0) return {};
  return parseObject(Buffer.concat(pieces).toString(), path);
}

function parseObject(text: string, path: string): PageRow {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as PageRow;
  throw pageRequestError(path, 'the body is no JSON object');
}

// Errors of the page. What a browser is answered has the same codes; each is listed in docs/errors.md.
import { RuvectorError, messageOf, systemCodeOf } from '../core/index.ts';

/** The address cannot be had, code `ERR_PAGE_LISTEN`. */
export function pageListenError(host: string, port: number, cause: unknown): RuvectorError {
  const inUse = systemCodeOf(cause) === 'EADDRINUSE';
  const state = inUse ? 'something listens there already' : messageOf(cause);
  return new RuvectorError(
    'ERR_PAGE_LISTEN',
    `Cannot serve the page at "${host}:${port}": ${state}; choose another port, for example --page 127.0.0.1:0 for a free one`,
    { cause, details: { host, port } },
  );
}

/** The token file cannot be used, code `ERR_PAGE_TOKEN`. */
export function pageTokenError(path: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PAGE_TOKEN',
    `Cannot use the page's token "${path}": ${messageOf(cause)}; remove that file and serve again, a new one is made`,
    { cause, details: { path } },
  );
}

/** Parameters that cannot be used, code `ERR_PAGE_REQUEST`. */
export function pageRequestError(path: string, problem: string): RuvectorError {
  return new RuvectorError('ERR_PAGE_REQUEST', `Cannot answer "${path}": ${problem}; see docs/page.md`, {
    details: { path, problem },
  });
}

/** A request of who may not ask it, code `ERR_PAGE_FORBIDDEN`. */
export function pageForbiddenError(path: string, state: string, next: string): RuvectorError {
  return new RuvectorError('ERR_PAGE_FORBIDDEN', `Cannot answer "${path}": ${state}; ${next}`);
}

/** Nothing has that address, code `ERR_PAGE_NOT_FOUND`. */
export function pageNotFoundError(path: string): RuvectorError {
  return new RuvectorError(
    'ERR_PAGE_NOT_FOUND',
    `Cannot find "${path}": the page has no such address; open "/"`,
  );
}

/** The browser's half was not built, code `ERR_PAGE_NOT_BUILT`. */
export function pageNotBuiltError(folder: string): RuvectorError {
  return new RuvectorError(
    'ERR_PAGE_NOT_BUILT',
    `Cannot show the page "${folder}": its files are not there; run \`npm run build\`, the daemon need not start again`,
    { details: { folder } },
  );
}

/** Too many ask at once, code `ERR_PAGE_BUSY`. */
export function pageBusyError(waiting: number): RuvectorError {
  return new RuvectorError(
    'ERR_PAGE_BUSY',
    `Cannot answer now: ${waiting} requests wait already; ask again in a second`,
    { details: { waiting } },
  );
}

/** A body that is too large, code `ERR_PAGE_TOO_LARGE`. */
export function pageTooLargeError(path: string, maxBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PAGE_TOO_LARGE',
    `Cannot read the body of "${path}": it has more than ${maxBytes} bytes; send only what the action takes`,
    { details: { path, maxBytes } },
  );
}

/** What nobody foresaw, code `ERR_PAGE_FAILED`. */
export function pageFailedError(cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PAGE_FAILED',
    `Cannot answer the page: ${messageOf(cause)}; the log of the daemon has it, report it if it comes again`,
    { cause },
  );
}

// Where the live page listens: this machine, and no other.
import { configError } from '../errors.ts';
import { isLoopback, parseListenAddress } from '../metrics/metrics-address.ts';

export const DEFAULT_PAGE_ADDRESS = '127.0.0.1:9465';

/** Parsed `--page` and `--page-actions`. */
export interface PageAddress {
  readonly host: string;
  readonly port: number;
  /** True lets the page act, false lets it only look. */
  readonly actions: boolean;
}

/** Options of `serve` that the page has. */
export interface PageFlags {
  /** True is without an address. */
  readonly page?: string | true;
  readonly pageActions?: boolean;
}

/**
 * Parses both; null serves no page.
 * @throws ConfigError for what is no address, for one that other machines reach, and for actions without a page
 */
export function parsePageOptions({ page, pageActions = false }: PageFlags): PageAddress | null {
  if (page === undefined) {
    if (pageActions)
      throw configError(['--page-actions is without --page, so there is nothing that could act']);
    return null;
  }
  const text = page === true ? DEFAULT_PAGE_ADDRESS : page;
  const { host, port } = parseListenAddress('--page', text, DEFAULT_PAGE_ADDRESS);
  if (!isLoopback(host)) {
    throw configError([
      `--page is "${text}", which other machines reach, and the page is not encrypted; use 127.0.0.1 and a tunnel: ` +
        `ssh -L ${port}:127.0.0.1:${port} this-host`,
    ]);
  }
  return { host, port, actions: pageActions };
}

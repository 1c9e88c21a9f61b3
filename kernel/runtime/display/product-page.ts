// The live page of a daemon as a frame. Only an address of this machine is framed.
import { escapeHtml } from './html-text.ts';
import type { Picture } from './product-parts.ts';
import { wordsOf } from './product-values.ts';
import type { Fields } from './product-values.ts';

const HEIGHT = 720;

/** The page in a frame, and where it is without its token. */
export function drawPage(page: Fields): Picture {
  const [url, embedUrl] = [wordsOf(page['url']), wordsOf(page['embedUrl'])];
  const isOwn = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d+\/\?token=[\w-]+&embed=1$/.test(embedUrl);
  const frame = `<iframe src="${escapeHtml(embedUrl)}" title="ruvector-memopt: live page" referrerpolicy="no-referrer" style="width:100%;height:${HEIGHT}px;border:0"></iframe>`;
  return {
    title: 'Live page',
    facts: [
      ['address', url.replace(/\?.*$/, '')],
      ['opens with', 'ruvector-memopt page'],
    ],
    parts: isOwn ? [frame] : [],
  };
}

import { post } from './post.ts';
import { details, origin, place, summary, type Told, what } from './words.ts';

/** https://docs.slack.dev/reference/block-kit/blocks, last verified 2026-11-21: 50 blocks, 150 characters a header, 3000 a text. */
const MOST = { notices: 46, header: 150, text: 3000 };

const SYMBOL = { synced: '✓', 'in-sync': '=', failed: '✗', refused: '!', drifted: '~' } as const;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Whole characters, and an escape is one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/&[a-z]*$|[\uD800-\uDBFF]$/, '')}…`;
}

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text: cut(text, MOST.text) });

function section(notice: Told) {
  const head = `*${escaped(place(notice))}*  ${SYMBOL[notice.event]} ${what(notice)}`;
  return { type: 'section', text: mrkdwn([head, ...details(notice).map(escaped)].join('\n')) };
}

/** The body for an incoming webhook; `text` is what a phone shows. */
export function slackMessage(notices: readonly Told[]): { text: string; blocks: unknown[] } {
  const title = summary(notices);
  const more = notices.length - MOST.notices;
  const [first] = notices;
  const foot = [...(more > 0 ? [`and ${more} more`] : []), ...(first === undefined ? [] : [origin(first)])].join(' · ');
  return {
    text: cut(escaped(title), MOST.text),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(title, MOST.header) } },
      ...notices.slice(0, MOST.notices).map(section),
      { type: 'context', elements: [mrkdwn(escaped(foot))] },
    ],
  };
}

export const sendSlack = (url: URL, notices: readonly Told[], signal: AbortSignal): Promise<void> =>
  post('Slack', url, { body: JSON.stringify(slackMessage(notices)), signal });

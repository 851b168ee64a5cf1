import { createHash } from 'node:crypto';

/** The lines of dcs within a file that is somebody else's: `# >>> dcs hooks pre-push 1f2e3d4c` to `# <<< dcs hooks pre-push`. */
export interface Block {
  readonly start: number;
  readonly end: number;
  /** As dcs wrote them, line ends aside. */
  readonly intact: boolean;
  /** The file was made for them. */
  readonly fresh: boolean;
  readonly body: string;
}

export function blockOf(hook: string, body: string, fresh: boolean): string {
  return `${opening(hook)} ${digest(body)}${fresh ? ' new' : ''}\n${body}${closing(hook)}\n`;
}

/** `cut`: it begins and does not end, so nobody can tell what is whose. */
export function findBlock(text: string, hook: string): Block | 'cut' | undefined {
  const head = new RegExp(`^${opening(hook)} ([0-9a-f]{8})( new)?\\r?\\n`, 'm').exec(text);
  if (!head) return text.includes(opening(hook)) || text.includes(closing(hook)) ? 'cut' : undefined;
  const inner = head.index + head[0].length;
  const foot = new RegExp(`^${closing(hook)}(?:\\r?\\n|$)`, 'm').exec(text.slice(inner));
  if (!foot) return 'cut';
  const body = text.slice(inner, inner + foot.index).replaceAll('\r', '');
  return {
    start: head.index,
    end: inner + foot.index + foot[0].length,
    intact: digest(body) === head[1],
    fresh: head[2] !== undefined,
    body,
  };
}

const opening = (hook: string): string => `# >>> dcs hooks ${hook}`;
const closing = (hook: string): string => `# <<< dcs hooks ${hook}`;
const digest = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 8);

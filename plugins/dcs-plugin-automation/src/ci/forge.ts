import { DcsError, type Http, type HttpAnswer, type HttpRequest } from 'dcs-sdk';

/** Where a run of CI leaves what it found. */
export interface Forge {
  /** The comments under a change. */
  comments(change: number): Promise<Shelf>;
  /** The open issues of whom this token is; a new one gets this title. */
  issues(title: string): Promise<Shelf>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Texts of one kind, as a forge's API has them. */
export interface Shelf {
  readonly http: Http;
  /** For messages: `GitHub`. */
  readonly name: string;
  /** Where they are listed and made, and where one of them stands. */
  readonly place: string;
  readonly query: Readonly<Record<string, string | number>>;
  one(id: number): string;
  /** Undefined: no text of that kind. */
  read(found: Fields): Note | undefined;
  make(text: string): Fields;
  /** `over`: what it was about is no more. */
  change(text: string, over: boolean): Fields;
  readonly verb: 'PATCH' | 'PUT';
  /** One that is over is closed, and no longer listed. */
  readonly closes: boolean;
}

/** Comments are alike everywhere: they stay when what they were about is over. */
export const COMMENTS: Pick<Shelf, 'query' | 'make' | 'change' | 'closes'> = {
  query: {},
  make: (body) => ({ body }),
  change: (body) => ({ body }),
  closes: false,
};

interface Note {
  readonly id: number;
  readonly body: string;
  /** Written by whom this token is. */
  readonly own: boolean;
}

export type Left = 'created' | 'updated' | 'closed' | 'unchanged' | 'none';

/** The one text that begins with the mark, written only where it differs. Undefined: it says `resolved` if it is there, and stays away otherwise. */
export async function leave(shelf: Shelf, mark: string, text: string | undefined, resolved: string): Promise<Left> {
  const { http, name, place, verb, closes } = shelf;
  const found = (await notes(shelf)).find(({ own, body }) => own && body.startsWith(mark));
  if (found === undefined) {
    if (text === undefined) return 'none';
    await ask(http, name, { method: 'POST', path: place, body: shelf.make(text) });
    return 'created';
  }
  const over = text === undefined;
  const closed = over && closes;
  if (!closed && found.body === (text ?? resolved)) return 'unchanged';
  await ask(http, name, { method: verb, path: shelf.one(found.id), body: shelf.change(text ?? resolved, over) });
  return closed ? 'closed' : 'updated';
}

const PAGE = 100;
/** A comment of anybody's may hold 65,536 characters: a page of long ones still is read. */
export const PAGE_BYTES = 16 * 1024 * 1024;
const MOST_PAGES = 100;

/** Every page: a short list would make a second text. */
async function notes({ http, name, place, query, ...shelf }: Shelf): Promise<Note[]> {
  const all: Note[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const some = await ask(http, name, { method: 'GET', path: place, query: { ...query, per_page: PAGE, page } });
    if (!Array.isArray(some)) throw new DcsError('TARGET', `${name} answered ${place} with something else than a list.`);
    all.push(...(some as Fields[]).flatMap((found) => shelf.read(found) ?? []));
    if (some.length < PAGE) return all;
  }
  throw new DcsError('TARGET', `${name} answered ${place} with more than ${MOST_PAGES * PAGE} texts.`);
}

/** One request to a forge; what it answers must be what was asked for. */
export async function ask(http: Http, name: string, request: HttpRequest): Promise<unknown> {
  const answer = await http.request(request);
  if (answer.status < 300) return answer.body;
  throw refused(name, request, answer);
}

function refused(name: string, { method, path }: HttpRequest, { status }: HttpAnswer): DcsError {
  const rights = status === 401 || status === 403 || status === 404;
  return new DcsError(rights ? 'AUTH' : 'TARGET', `${name} refused ${method} ${path} with ${status}.`, {
    status,
    ...(rights
      ? {
          why: 'The token of this job may not do that. No secret was written or read by this request.',
          hint: [
            'permissions: {pull-requests: write, issues: write}   # in the GitHub workflow',
            'DCS_GITLAB_TOKEN: a project access token with the scope api   # in GitLab',
          ],
        }
      : {}),
  });
}

/** The token goes to this one origin and into no address. */
export const authorized = (http: Http, headers: Readonly<Record<string, string>>): Http => ({
  origin: http.origin,
  request: (request) => http.request({ ...request, headers: { ...headers, ...request.headers } }),
});

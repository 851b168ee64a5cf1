import { DcsError, type Secret } from 'dcs-sdk';
import mustache from 'mustache';
import { singleQuoted } from './formats/posix.ts';

type Filter = (value: string, argument: number) => string;
/** What may follow a name: `{{PEM | b64enc | indent 4}}`. */
const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['json', (value) => JSON.stringify(value)],
  ['b64enc', (value) => Buffer.from(value).toString('base64')],
  ['quote', singleQuoted],
  ['indent', (value, spaces) => value.replaceAll(/^(?!$)/gm, ' '.repeat(spaces))],
]);

export interface Template {
  /** For errors. */
  readonly file: string;
  readonly text: string;
}

/**
 * A Mustache template (https://mustache.github.io/mustache.5.html) over the secrets: no code, no includes, no HTML escapes. A name
 * that is not there is an error, also in a section: a misspelt one would silently leave text out.
 */
export function renderTemplate(template: Template, secrets: ReadonlyMap<string, Secret>): string {
  const writer = new mustache.Writer();
  for (const token of parsed(writer, template)) check(token, template, secrets);
  return writer.render(template.text, new Values(secrets), undefined, { escape: (value: string) => value });
}

interface Token {
  readonly type: string;
  readonly tag: string;
  readonly at: number;
}

function parsed(writer: InstanceType<typeof mustache.Writer>, template: Template): Token[] {
  try {
    return flat(writer.parse(template.text) as Raw[]);
  } catch (error) {
    // The library's own errors say "... at <offset>"; the words are the template's, which holds no value.
    const [, what, at] = /^(.*) at (\d+)$/s.exec(error instanceof Error ? error.message : '') ?? [];
    if (what === undefined) throw error;
    throw wrong(template, Number(at), `${what}.`);
  }
}

type Raw = readonly [type: string, tag: string, start: number, end: number, inner?: unknown];
const flat = (tokens: readonly Raw[]): Token[] =>
  tokens.flatMap(([type, tag, at, , inner]) => [{ type, tag, at }, ...(Array.isArray(inner) ? flat(inner as Raw[]) : [])]);

function check({ type, tag, at }: Token, template: Template, secrets: ReadonlyMap<string, Secret>): void {
  if (type === '>') throw wrong(template, at, 'A template includes no other file.');
  if (!['name', '&', '#', '^'].includes(type)) return;
  const { name, filters } = read(tag);
  if (!secrets.has(name)) throw wrong(template, at, `There is no secret ${JSON.stringify(name)}.`, ['dcs env     lists the names']);
  for (const { word, argument } of filters) {
    if (!FILTERS.has(word)) throw wrong(template, at, `There is no filter ${JSON.stringify(word)}.`, [[...FILTERS.keys()].join(', ')]);
    if ((word === 'indent') !== (argument !== undefined && /^\d{1,3}$/.test(argument)))
      throw wrong(template, at, word === 'indent' ? 'indent wants a number of spaces.' : `${word} takes nothing.`, ['{{NAME | indent 4}}']);
  }
}

function read(tag: string): { name: string; filters: { word: string; argument: string | undefined }[] } {
  const [name = '', ...rest] = tag.split('|').map((part) => part.trim());
  const filters = rest.map((part) => {
    const [word = '', ...more] = part.split(/\s+/);
    return { word, argument: more.length === 0 ? undefined : more.join(' ') };
  });
  return { name, filters };
}

function wrong({ file, text }: Template, at: number, what: string, hint: readonly string[] = []): DcsError {
  const before = text.slice(0, at).split('\n');
  return new DcsError('CONFIG', `${file}:${before.length}:${before.at(-1)!.length + 1}: ${what}`, {
    why: 'Nothing was written or printed.',
    ...(hint.length === 0 ? {} : { hint }),
  });
}

class Values extends mustache.Context {
  readonly #secrets: ReadonlyMap<string, Secret>;
  constructor(secrets: ReadonlyMap<string, Secret>) {
    super({});
    this.#secrets = secrets;
  }
  /** A section only asks whether the value is empty. */
  override push(): this {
    return this;
  }
  override lookup(tag: string): string {
    const { name, filters } = read(tag);
    const value = this.#secrets.get(name)!.reveal();
    return filters.reduce((text, { word, argument }) => FILTERS.get(word)!(text, Number(argument ?? 0)), value);
  }
}

import type { Held, SourceRead } from 'dcs-sdk';
import { dopplerClient, sourceOf } from './doppler-access.ts';
import { sharedLine, sharedWithProtected } from './same-values.ts';
import { plural, table } from './render/style.ts';
import type { Session } from './session.ts';

export interface Comparison {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly differences: boolean;
}

/** Two environments of Doppler by name: what only one has, what differs, and what is the same. Never a value. */
export async function compareEnvironments(session: Session, from: string, to: string): Promise<Comparison> {
  const client = await dopplerClient(session);
  const [a, b] = (await Promise.all([from, to].map((name) => readAll(session, client, name)))) as [Side, Side];
  const names = [...new Set([...a.read.secrets.keys(), ...b.read.secrets.keys()])].toSorted();
  const rows = names.map((name) => ({ name, how: how(a.read.secrets.get(name), b.read.secrets.get(name)) }));
  const only = (kind: How): string[] => rows.filter((row) => row.how === kind).map(({ name }) => name);
  const words: readonly (readonly [How, string])[] = [
    ['missing', `- only in ${a.environment}`],
    ['extra', `+ only in ${b.environment}`],
    ['different', '~ differs'],
    ['equal', '= same value'],
    ['withheld', '? cannot compare'],
  ];
  const shared =
    a.environment === b.environment ? [] : sharedWithProtected([a, b].map((side) => ({ ...side, secrets: side.read.secrets })));
  return {
    lines: [
      `${a.environment} · ${a.title}   against   ${b.environment} · ${b.title}`,
      ...table(words.flatMap(([kind, word]) => only(kind).map((name) => [`  ${word}`, name]))),
      '',
      `${plural(rows.length, 'name')}: ${words.map(([kind, word]) => `${only(kind).length} ${word.slice(2)}`).join(', ')}`,
      ...shared.map((places) => `! ${sharedLine(places)}: a protected environment's value should stand nowhere else`),
    ],
    json: {
      from: a.environment,
      to: b.environment,
      ...Object.fromEntries(words.map(([kind]) => [kind, only(kind)])),
      shared: shared.map((places) => places.map(({ environment, name }) => ({ environment, name }))),
    },
    differences: only('missing').length + only('extra').length + only('withheld').length > 0,
  };
}

type How = 'missing' | 'extra' | 'different' | 'equal' | 'withheld';

interface Side {
  readonly environment: string;
  readonly protected: boolean;
  readonly title: string;
  readonly read: SourceRead;
}

async function readAll(session: Session, client: Awaited<ReturnType<typeof dopplerClient>>, name: string): Promise<Side> {
  const environment = session.choose(true, name);
  const source = sourceOf(session, client, environment);
  const read = await source.read();
  if (!read) throw new Error('A source read without a version must answer');
  return { environment: environment.name, protected: environment.protected, title: source.title, read };
}

function how(a: Held | undefined, b: Held | undefined): How {
  if (!b) return 'missing';
  if (!a) return 'extra';
  if (a.state !== 'value' || b.state !== 'value') return 'withheld';
  return a.secret.reveal() === b.secret.reveal() ? 'equal' : 'different';
}

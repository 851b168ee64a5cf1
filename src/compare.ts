import type { Held, SourceRead } from 'dcs-sdk';
import { dopplerClient, sourceOf } from './doppler-access.ts';
import type { Session } from './session.ts';

export interface Comparison {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly differences: boolean;
}

/** Two environments of Doppler by name: what one has and the other lacks, and which values are equal. Never a value. */
export async function compareEnvironments(session: Session, from: string, to: string): Promise<Comparison> {
  const client = await dopplerClient(session);
  const [a, b] = await Promise.all([from, to].map((name) => readAll(session, client, name)));
  const names = [...new Set([...a!.read.secrets.keys(), ...b!.read.secrets.keys()])].toSorted();
  const rows = names.map((name) => ({ name, how: how(a!.read.secrets.get(name), b!.read.secrets.get(name)) }));
  const only = (kind: Row['how']): string[] => rows.filter((row) => row.how === kind).map(({ name }) => name);
  const lines = [
    `${a!.name} · ${a!.title}   against   ${b!.name} · ${b!.title}`,
    ...only('missing').map((name) => `  - only in ${a!.name}  ${name}`),
    ...only('extra').map((name) => `  + only in ${b!.name}  ${name}`),
    ...only('withheld').map((name) => `  ? cannot compare  ${name}`),
    `  = in both  ${only('equal').length + only('different').length} (${only('different').length} with different values)`,
  ];
  const json = {
    from: a!.name,
    to: b!.name,
    missing: only('missing'),
    extra: only('extra'),
    different: only('different'),
    equal: only('equal'),
    withheld: only('withheld'),
  };
  return { lines, json, differences: only('missing').length + only('extra').length + only('withheld').length > 0 };
}

interface Row {
  readonly name: string;
  readonly how: 'missing' | 'extra' | 'different' | 'equal' | 'withheld';
}

async function readAll(
  session: Session,
  client: Awaited<ReturnType<typeof dopplerClient>>,
  name: string,
): Promise<{ name: string; title: string; read: SourceRead }> {
  const environment = session.choose(true, name);
  const source = sourceOf(session, client, environment);
  const read = await source.read();
  if (!read) throw new Error('A source read without a version must answer');
  return { name: environment.name, title: source.title, read };
}

function how(a: Held | undefined, b: Held | undefined): Row['how'] {
  if (!b) return 'missing';
  if (!a) return 'extra';
  if (a.state !== 'value' || b.state !== 'value') return 'withheld';
  return a.secret.reveal() === b.secret.reveal() ? 'equal' : 'different';
}

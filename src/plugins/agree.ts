import { DcsError } from 'dcs-sdk';
import type { Prompts } from '../prompts.ts';
import { plural } from '../render/style.ts';
import type { Candidate } from './judge.ts';

export interface Answers {
  /** `--yes`: covers official plugins only. */
  readonly yes: boolean;
  /** `plugins: allow:` of the user file: names, `name@version`, or a sha512 checksum. */
  readonly allow: readonly string[];
  readonly ask: Prompts;
  readonly say: (line: string) => void;
}

/** What would be installed, and the consent to it: plain for official plugins, typed for others. Throws REFUSED. */
export async function agree(candidates: readonly Candidate[], answers: Answers): Promise<void> {
  for (const candidate of candidates) for (const line of described(candidate)) answers.say(line);
  const open = candidates.filter((candidate) => !isAllowed(candidate, answers.allow));
  const official = open.filter((candidate) => candidate.official);
  const others = open.filter((candidate) => !candidate.official);
  if (!answers.ask.possible) for (const other of others) throw refused(other);
  if (official.length > 0 && !answers.yes) await plainYes(official, answers.ask);
  for (const other of others) await typedName(other, answers.ask);
}

const isAllowed = ({ name, version, integrity, from }: Candidate, allow: readonly string[]): boolean =>
  allow.includes(integrity) || (from !== 'this machine' && (allow.includes(name) || allow.includes(`${name}@${version}`)));

const titled = ({ name, version }: Candidate): string => `${name} ${version}`;

/** Two or three lines: what, from whom, how sure. */
export function described(candidate: Candidate): string[] {
  const { from, official, doubt, provenance, integrity, release } = candidate;
  const by = release?.publisher === undefined ? '' : `, published by ${release.publisher}`;
  const on = release?.published === undefined ? '' : ` on ${release.published.slice(0, 10)}`;
  const first = release?.first === undefined || official ? '' : `; the package is there since ${release.first.slice(0, 10)}`;
  return [
    `${titled(candidate)}  ${official ? 'official' : 'NOT an official plugin'}`,
    `  from ${from}${by}${on}${first}`,
    `  ${integrity.slice(0, 23)}...; ${provenance === undefined ? 'no provenance' : `built by ${provenance.workflow} of ${provenance.repository}`}`,
    ...(doubt === undefined ? [] : [`  ! ${doubt}`]),
    ...(official ? [] : ['  A plugin has your rights and sees every secret that dcs reads.']),
  ];
}

async function plainYes(candidates: readonly Candidate[], ask: Prompts): Promise<void> {
  const what = candidates.map(titled).join(', ');
  if (!ask.possible)
    throw new DcsError('REFUSED', `${what} needs a yes, and there is nobody to ask.`, {
      why: 'No terminal, or CI, --json or --no-input. Nothing was installed.',
      hint: `dcs plugins install ${candidates.map(({ name, version }) => `${name}@${version}`).join(' ')} --yes`,
    });
  if (!(await ask.confirm(`Install ${candidates.length === 1 ? what : `these ${plural(candidates.length, 'plugin')}`}?`, '--yes')))
    throw no();
}

async function typedName(candidate: Candidate, ask: Prompts): Promise<void> {
  const { name } = candidate;
  if (!(await ask.type(`Type ${name} to install it:`, name, 'plugins: allow: in the user file'))) throw no();
}

const no = (): DcsError => new DcsError('REFUSED', 'You said no.', { why: 'Nothing was installed.' });

function refused(candidate: Candidate): DcsError {
  const { name, version, integrity, from } = candidate;
  return new DcsError('REFUSED', `${titled(candidate)} is not an official plugin.`, {
    why: `Without a terminal only the user file allows it; --yes covers official plugins only.${candidate.doubt === undefined ? '' : ` ${candidate.doubt}`} Nothing was installed.`,
    hint: [
      'read its code first; then in config.yaml of the user:',
      `plugins: {allow: [${JSON.stringify(from === 'this machine' ? integrity : `${name}@${version}`)}]}`,
    ],
  });
}

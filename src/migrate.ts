import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { readText } from './config/document.ts';
import { named } from './config/environment.ts';
import { replaceConfig } from './config/edit.ts';
import { migrate, type Migrated } from './config/migrate.ts';
import { prompts } from './prompts.ts';
import type { Session } from './session.ts';

export interface MigrateOptions {
  readonly yes: boolean;
  /** `api=prod`: the environment that owns a target with one value for all. */
  readonly owners: readonly string[];
}

/** Rewrites dcs.yaml in today's form, after showing what changes. Nothing is written without consent. */
export async function migrateProject(session: Session, { yes, owners }: MigrateOptions, say: (line: string) => void): Promise<Migrated> {
  const { project } = session;
  if (project.file === undefined) throw new DcsError('CONFIG', 'No dcs.yaml here or above.', { hint: 'dcs init' });
  const file = await realpath(project.file);
  const shown = basename(file);
  const before = (await readText(file, shown)) ?? '';
  const migrated = migrate(before, shown, await ownersOf(session, owners));
  if (migrated.changes.length === 0) return migrated;
  for (const change of migrated.changes) say(`  ~ ${change}`);
  for (const note of migrated.left) say(`  ! ${note}`);
  for (const line of [
    '',
    shown,
    ...migrated.text
      .trimEnd()
      .split('\n')
      .map((each) => `  ${each}`),
  ])
    say(line);
  if (!yes && !(await prompts(session.invocation, session.env).confirm(`Write it to ${shown}?`, '--yes')))
    throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  await replaceConfig(file, before, migrated.text);
  return migrated;
}

/** From `--owner`, else asked where somebody can be; a target without an owner keeps its one value, written with -e only. */
async function ownersOf(session: Session, given: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { project } = session;
  const owners = new Map(given.map((word) => ownerOf(session, word)));
  const ask = prompts(session.invocation, session.env);
  if (!ask.possible) return owners;
  const NONE = '';
  for (const { name } of [...project.targets.values()].filter(({ singleValue }) => singleValue)) {
    if (owners.has(name)) continue;
    const choices = [...project.environments.keys()].map((value) => ({ name: value, value }));
    // oxlint-disable-next-line no-await-in-loop -- one question at a time
    const owner = await ask.choose(
      `${name} names one place for all environments. Whose is it?`,
      [...choices, { name: 'leave it as it is', value: NONE }],
      '--owner',
    );
    if (owner !== NONE) owners.set(name, owner);
  }
  return owners;
}

function ownerOf({ project }: Session, word: string): [target: string, environment: string] {
  const [, target = '', environment = ''] = /^([^=]+)=(.+)$/.exec(word) ?? [];
  if (project.targets.has(target)) return [target, named(project, environment).name];
  throw new DcsError('USAGE', '--owner wants TARGET=ENVIRONMENT.', {
    hint: [...project.targets.keys()].map((name) => `--owner ${name}=prod`),
  });
}

import { access, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { DcsError, type Detected } from 'dcs-sdk';
import { findConfig } from './config/load.ts';
import { dopplerClient } from './doppler-access.ts';
import { dopplerToken } from './doppler-token.ts';
import { OFFICIAL } from './registry.ts';
import { nearest } from './config/nearest.ts';
import { renderProject } from './config/render-project.ts';
import { prompts } from './prompts.ts';
import type { Session } from './session.ts';

export interface InitResult {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

/** Finds the clouds of this repository and writes dcs.yaml; nothing else is written anywhere. */
export async function init(
  session: Session,
  { yes, name }: { yes: boolean; name: string | undefined },
  say: (line: string) => void,
): Promise<InitResult> {
  const existing = findConfig(session.cwd);
  if (existing !== undefined)
    throw new DcsError('REFUSED', `There is a ${relative(session.cwd, existing) || existing} already.`, {
      why: 'dcs init does not overwrite it. Nothing was written.',
      hint: ['dcs context     what it says', 'dcs config validate'],
    });
  const root = session.project.root;
  const project = await dopplerProject(session, name === undefined ? usualNames(session, basename(root)) : [name], { yes });
  say(`  ✓ Doppler  ${project.from}; project ${project.name}: ${project.configs.join(', ')}`);
  const detected = await detect(session, root);
  for (const { type, file, notes } of detected) {
    say(`  ✓ ${type}  ${file}`);
    for (const note of notes) say(`  ! ${type}  ${note}`);
  }
  for (const missing of await missingPlugins(session, root))
    say(`  ! ${missing.title}  found here, its plugin ${missing.plugin} is not installed`);
  const text = renderProject(project.name, detected);
  for (const line of [
    '',
    'dcs.yaml',
    ...text
      .trimEnd()
      .split('\n')
      .map((each) => `  ${each}`),
  ])
    say(line);
  if (!yes && !(await prompts(session.invocation, session.env).confirm('Write it?', '--yes')))
    throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  const file = join(root, 'dcs.yaml');
  await writeFile(file, text, { flag: 'wx' });
  const environment = [
    ...new Set(
      detected.flatMap(({ options }) =>
        Object.values(options).flatMap((value) => (value !== null && typeof value === 'object' ? Object.keys(value) : [])),
      ),
    ),
  ];
  return {
    lines: [
      '✓ dcs.yaml written. Nothing was sent to Doppler or to a cloud.',
      `Next  dcs diff -e ${environment.includes('staging') ? 'staging' : (environment[0] ?? 'dev')}     what a first sync would do`,
    ],
    json: { file, project: project.name, targets: detected.map((each) => ({ name: each.name, type: each.type, file: each.file })) },
  };
}

/** What a project of this folder is called, with the prefix of the user file first. */
const usualNames = ({ user }: Session, folder: string): readonly string[] => {
  const { dopplerProjectPrefix: prefix } = user.defaults;
  return prefix === undefined ? [folder] : [`${prefix}${folder}`, folder];
};

interface FoundProject {
  readonly name: string;
  readonly from: string;
  readonly configs: readonly string[];
}

/** The project that bears this name, else the only one; `--yes` never guesses between two. */
async function dopplerProject(session: Session, wanted: readonly string[], { yes }: { yes: boolean }): Promise<FoundProject> {
  const { from } = await dopplerToken(session);
  const client = await dopplerClient(session);
  const names = (await client.projects()).map(({ name }) => name);
  const name = wanted.find((one) => names.includes(one)) ?? (await only(session, names, wanted[0]!, yes));
  return { name, from, configs: (await client.configs(name)).filter(({ root }) => root).map((config) => config.name) };
}

async function only(session: Session, names: readonly string[], wanted: string, yes: boolean): Promise<string> {
  const ask = prompts(session.invocation, session.env);
  if (names.length === 1 && names[0] !== undefined) return names[0];
  if (names.length === 0) throw new DcsError('CONFIG', 'This Doppler token sees no project.', { hint: 'dcs whoami doppler' });
  if (!yes && ask.possible)
    return ask.choose(
      'Which Doppler project?',
      names.map((value) => ({ name: value, value })),
      '--name PROJECT',
    );
  const near = nearest(wanted, names);
  throw new DcsError('REFUSED', `Doppler has no project "${wanted}", and several others.`, {
    why: `They are ${names.slice(0, 8).join(', ')}${names.length > 8 ? ' and more' : ''}. Nothing was written.`,
    hint: `dcs init --name ${near ?? names[0]}`,
  });
}

async function detect(session: Session, root: string): Promise<readonly Detected[]> {
  const found = await Promise.all(session.registry.detectors.map(async (registration) => (await registration.load())(root, session.env)));
  return found.flat();
}

async function missingPlugins({ registry }: Session, root: string): Promise<readonly { plugin: string; title: string }[]> {
  const missing = [...OFFICIAL].filter(([type]) => !registry.targets.has(type)).map(([, official]) => official);
  const here = await Promise.all(
    missing.map(async ({ markers }) => {
      const found = await Promise.all(
        markers.map((marker) =>
          access(join(root, marker)).then(
            () => true,
            () => false,
          ),
        ),
      );
      return found.includes(true);
    }),
  );
  return missing.filter((_, index) => here[index]);
}

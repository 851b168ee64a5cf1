import { access, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { DcsError, type Detected } from 'dcs-sdk';
import { findConfig } from './config/load.ts';
import { dopplerClient } from './doppler-access.ts';
import { dopplerToken } from './doppler-token.ts';
import { STANDARD } from './config/names.ts';
import type { DopplerClient } from './doppler/client.ts';
import { shortName } from './plugins/names.ts';
import { missingTypes } from './registry.ts';
import { nearest } from './config/nearest.ts';
import { allowed } from './into/look.ts';
import { unimported } from './into/unimported.ts';
import { plural } from './render/style.ts';
import { renderProject } from './config/render-project.ts';
import { prompts } from './prompts.ts';
import type { Session } from './session.ts';

/** Installs what was found to be missing and starts anew, or returns after a no. */
export type OfferPlugins = (missing: readonly { readonly plugin: string; readonly title: string }[]) => Promise<void>;

export interface InitResult {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

/** Finds the clouds of this repository and writes dcs.yaml; nothing else is written anywhere. */
export async function init(
  session: Session,
  { yes, name, offer }: { yes: boolean; name: string | undefined; offer: OfferPlugins | undefined },
  say: (line: string) => void,
): Promise<InitResult> {
  const existing = findConfig(session.cwd);
  if (existing !== undefined)
    throw new DcsError('REFUSED', `There is a ${relative(session.cwd, existing) || existing} already.`, {
      why: 'dcs init does not overwrite it. Nothing was written.',
      hint: ['dcs context     what it says', 'dcs config validate'],
    });
  const root = session.project.root;
  const missing = await missingPlugins(session, root);
  if (missing.length > 0) await offer?.(missing);
  const wanted = name === undefined ? usualNames(session, basename(root)) : [name];
  const project = await dopplerProject(session, wanted, { yes, named: name !== undefined }, say);
  say(`  ✓ Doppler  ${project.from}; project ${project.name}: ${project.configs.join(', ')}`);
  const detected = await detect(session, root);
  for (const { type, file, notes } of detected) {
    say(`  ✓ ${type}  ${file}`);
    for (const note of notes) say(`  ! ${type}  ${note}`);
  }
  for (const { title, plugin } of missing)
    say(`  ! ${title}  found here, its plugin is not installed: dcs plugins install ${shortName(plugin)}`);
  const left = await unimported(root, async () => allowed((await dopplerClient(session)).names(project.name, DEV)));
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
        Object.values(options).flatMap((value) =>
          value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : [],
        ),
      ),
    ),
  ];
  return {
    lines: [
      project.created
        ? `✓ dcs.yaml written. The Doppler project ${project.name} is new and empty; nothing was sent to a cloud.`
        : '✓ dcs.yaml written. Nothing was sent to Doppler or to a cloud.',
      `Next  dcs diff -e ${environment.includes('staging') ? 'staging' : (environment[0] ?? 'dev')}     what a first sync would do`,
      ...left.map(({ file: from, names }) => `      dcs import ${from} -e dev     ${plural(names, 'name')} that Doppler does not have yet`),
    ],
    json: {
      file,
      project: project.name,
      created: project.created,
      targets: detected.map((each) => ({ name: each.name, type: each.type, file: each.file })),
    },
  };
}

/** What a project of this folder is called, with the prefix of the user file first. */
const usualNames = ({ user }: Session, folder: string): readonly string[] => {
  const { dopplerProjectPrefix: prefix } = user.defaults;
  return prefix === undefined ? [folder] : [`${prefix}${folder}`, folder];
};

/** Local values belong here: https://docs.doppler.com/docs/create-project, last verified 2026-11-21. */
const DEV = 'dev';

interface FoundProject {
  readonly name: string;
  readonly from: string;
  readonly configs: readonly string[];
  readonly created: boolean;
}

/** The project that bears this name, else the only one, else a new one; `--yes` never guesses between two. */
async function dopplerProject(
  session: Session,
  wanted: readonly string[],
  { yes, named }: { readonly yes: boolean; readonly named: boolean },
  say: (line: string) => void,
): Promise<FoundProject> {
  const { from } = await dopplerToken(session);
  const client = await dopplerClient(session);
  const names = (await client.projects()).map(({ name }) => name);
  const name = wanted.find((one) => names.includes(one)) ?? (await another(session, names, wanted[0]!, { yes, named }));
  const created = !names.includes(name);
  if (created) await create(session, client, name, yes, say);
  return { name, from, created, configs: (await client.configs(name)).filter(({ root }) => root).map((config) => config.name) };
}

/** One that is there, or the wanted name for a new one. */
async function another(
  session: Session,
  names: readonly string[],
  wanted: string,
  { yes, named }: { readonly yes: boolean; readonly named: boolean },
): Promise<string> {
  const ask = prompts(session.invocation, session.env);
  const typo = yes ? nearest(wanted, names) : undefined;
  if (named && typo === undefined) return wanted;
  if (!named && names.length === 1 && names[0] !== undefined) return names[0];
  if (!yes && ask.possible)
    return ask.choose(
      'Which Doppler project?',
      [...names.map((value) => ({ name: value, value })), { name: `a new one: ${wanted}`, value: wanted }],
      '--name PROJECT',
    );
  if (names.length === 0)
    throw new DcsError('REFUSED', 'This Doppler token sees no project.', {
      why: 'Nothing was written.',
      hint: ['dcs whoami doppler', `dcs init --name ${wanted}     makes it`],
    });
  const near = nearest(wanted, names);
  throw new DcsError('REFUSED', `Doppler has no project "${wanted}".`, {
    why: `There are ${names.slice(0, 8).join(', ')}${names.length > 8 ? ' and more' : ''}. Nothing was written.`,
    hint: [`dcs init --name ${near ?? names[0]}`, `dcs init --name ${wanted}     asks, and makes it`],
  });
}

/** Shows what it makes, and asks. */
async function create(session: Session, client: DopplerClient, name: string, yes: boolean, say: (line: string) => void): Promise<void> {
  const { planProvisioning, provision, provisionLines } = await import('./into/provision.ts');
  const standard = [...STANDARD].map(([environment, config]) => ({ environment, config }));
  for (const line of provisionLines(await planProvisioning(client, name, standard))) say(line);
  const ask = prompts(session.invocation, session.env);
  if (!yes && !(await ask.confirm(`Create the Doppler project ${name}?`, '--yes')))
    throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  await provision(client, name, standard, (step) => say(`✓ ${step.make} created`));
}

async function detect(session: Session, root: string): Promise<readonly Detected[]> {
  const found = await Promise.all(
    session.registry.detectors.map(async (registration) => (await registration.load())(root, session.pluginEnv)),
  );
  return found.flat();
}

async function missingPlugins({ registry }: Session, root: string): Promise<readonly { plugin: string; title: string }[]> {
  const missing = missingTypes(registry);
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

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDcsError, type Environment } from 'dcs-sdk';
import { editConfig } from '../config/edit.ts';
import { dopplerClient } from '../doppler-access.ts';
import { keyFile, newSharedKey } from '../engine/key.ts';
import { readIfThere, replaceFile } from '../files.ts';
import { gitAttribute } from '../git-process.ts';
import { HISTORY_FILE } from '../history.ts';
import { keyName, LEDGER_KEY, LOCK_FILE, openStore, sharedKeysIfThere } from '../record.ts';
import type { Session } from '../session.ts';
import { attempt, ok, warning, type DoctorFinding } from './finding.ts';

const GIT_FILES = [LOCK_FILE, HISTORY_FILE];

/** Can colleagues and CI compare what this machine wrote? Where not, `--fix` moves the record to Doppler, after asking. */
export function checkSharedRecord(session: Session): Promise<readonly DoctorFinding[]> {
  return attempt('record', async () => {
    const all = [...session.project.environments.keys()].filter((name) => takes(session, name)).flatMap((name) => reachable(session, name));
    const onMachine = ({ name }: Environment): boolean => session.project.ledger(name) === 'machine';
    const shared = all.filter((environment) => !onMachine(environment));
    const local = all.filter(onMachine);
    const used = local.some((environment) => hasSynced(session, environment)) ? local : [];
    const keyless = await withoutKey(session, shared);
    return [
      ...onThisMachine(session, used),
      ...lacking(session, keyless),
      ...fine(session, shared, keyless),
      ...(await notMerging(session, shared)),
    ];
  });
}

/** Only a sync makes ledgers; a key comes with the first look. */
const hasSynced = ({ directories: { stateDir } }: Session, environment: Environment): boolean =>
  existsSync(`${stateDir}/ledgers`) && existsSync(keyFile(stateDir, keyName(environment)));

/** A service token opens one environment; the others are named by the check of the targets. */
function reachable(session: Session, name: string): Environment[] {
  try {
    return [session.choose(true, name)];
  } catch (error) {
    if (isDcsError(error) && error.code === 'AUTH') return [];
    throw error;
  }
}

const takes = ({ project }: Session, environment: string): boolean =>
  [...project.targets.values()].some(({ environments }) => environments.includes(environment));

async function withoutKey(session: Session, shared: readonly Environment[]): Promise<readonly Environment[]> {
  const keys = await Promise.all(shared.map((environment) => sharedKeysIfThere(session, environment)));
  return shared.filter((_, index) => keys[index] === undefined);
}

function onThisMachine(session: Session, environments: readonly Environment[]): DoctorFinding[] {
  if (environments.length === 0) return [];
  return [
    {
      ...warning('record', `${names(environments)}: on this machine only; CI and colleagues cannot compare`, [
        'dcs doctor --fix     asks, then sets ledger: doppler',
      ]),
      ask: `Make ${LEDGER_KEY} in Doppler (${places(environments)}) where it is missing, and set ledger: doppler for ${names(environments)}?`,
      fix: async () => {
        for (const environment of environments) await share(session, environment);
        await keepAtDoppler(session, environments);
      },
    },
  ];
}

function lacking(session: Session, environments: readonly Environment[]): DoctorFinding[] {
  if (environments.length === 0) return [];
  return [
    {
      what: 'record',
      level: 'problem',
      code: 'CONFIG',
      message: `${names(environments)}: the shared record has no key (${LEDGER_KEY})`,
      hints: ['dcs doctor --fix     asks, then makes it'],
      ask: `Make ${LEDGER_KEY} in Doppler (${places(environments)})?`,
      fix: async () => {
        for (const environment of environments) await share(session, environment);
      },
    },
  ];
}

function fine({ project }: Session, shared: readonly Environment[], keyless: readonly Environment[]): DoctorFinding[] {
  const whole = shared.filter((environment) => !keyless.includes(environment));
  return whole.length === 0 ? [] : [ok('record', whole.map(({ name }) => `${name}: ${project.ledger(name)}`).join(', '))];
}

/** Two branches that both synced change the same first and last lines: only by union does git keep both sides. */
async function notMerging({ project, env }: Session, shared: readonly Environment[]): Promise<DoctorFinding[]> {
  if (!shared.some(({ name }) => project.ledger(name) === 'git')) return [];
  const merges = await Promise.all(GIT_FILES.map((file) => gitAttribute(project.root, env, 'merge', file)));
  const lines = GIT_FILES.filter((_, index) => merges[index] !== undefined && merges[index] !== 'union').map(
    (file) => `${file} merge=union`,
  );
  if (lines.length === 0) return [];
  return [
    {
      ...warning('record', 'git would stop at a conflict in the record whenever two branches synced', [
        `dcs doctor --fix     adds "${lines.join('", "')}" to .gitattributes`,
      ]),
      ask: `Add "${lines.join('", "')}" to .gitattributes?`,
      fix: async () => {
        const file = join(project.root, '.gitattributes');
        const before = (await readIfThere(file)) ?? '';
        await replaceFile(file, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n`, 0o644);
      },
    },
  ];
}

/** Twice is once: a key that stands there stays. */
async function share(session: Session, environment: Environment): Promise<void> {
  if ((await sharedKeysIfThere(session, environment)) === undefined) {
    const { project, config } = environment.doppler;
    await (await dopplerClient(session)).change(project, config, [{ name: LEDGER_KEY, was: null, value: newSharedKey() }]);
  }
  if (session.project.ledger(environment.name) !== 'git') await (await openStore(session, environment)).prepare();
}

/** Last of all: until then dcs.yaml says where the record really is. */
async function keepAtDoppler(session: Session, environments: readonly Environment[]): Promise<void> {
  const { project } = session;
  const homes = new Map([...project.environments.keys()].map((name) => [name, project.ledger(name)]));
  for (const { name } of environments) homes.set(name, 'doppler');
  // An environment without a target has no record.
  const all = [...homes].every(([name, home]) => home === 'doppler' || !takes(session, name));
  await editConfig(project.file!, ['ledger'], all ? 'doppler' : Object.fromEntries(homes));
}

const names = (environments: readonly Environment[]): string => environments.map(({ name }) => name).join(', ');
const places = (environments: readonly Environment[]): string =>
  environments.map(({ doppler }) => `${doppler.project}/${doppler.config}`).join(', ');

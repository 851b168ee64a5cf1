import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DcsError, type Environment } from 'dcs-sdk';
import type { LedgerPlace } from './config/schema.ts';
import type { DopplerClient } from './doppler/client.ts';
import { recordStore } from './doppler/record-store.ts';
import { clientOf, dopplerClient } from './doppler-access.ts';
import { ownKey, ownKeyIfThere, sharedKeys } from './engine/key.ts';
import { gitHome } from './engine/ledger-git.ts';
import { machineHome } from './engine/ledger-machine.ts';
import { movingHome, type FormerHome } from './engine/ledger-moved.ts';
import { sharedHome } from './engine/ledger-shared.ts';
import type { LedgerHome, LedgerKey, LedgerKeys } from './engine/ledger-types.ts';
import type { SharedStore } from './engine/shared-store.ts';
import type { Session } from './session.ts';

/** The secret whose value seals what machines share: ledgers and saved plans. */
export const LEDGER_KEY = 'DCS_LEDGER_KEY';

export interface OpenRecord {
  readonly keys: LedgerKeys;
  readonly home: LedgerHome;
}

/** Tells this machine's keys of two environments apart. */
export const keyName = ({ doppler }: Environment): string => `${doppler.project}-${doppler.config}`;

/** In which git shares the record, beside dcs.yaml. */
export const LOCK_FILE = 'dcs.lock';
const lockFile = ({ project }: Session): string => join(project.root, LOCK_FILE);

/** The same for all members whose targets are fed from one config: its key and what lies at Doppler are read once. */
export function sharedRecord(session: Session, environment: Environment): Promise<OpenRecord> {
  const { records } = session.shared;
  const kind = session.project.ledger(environment.name);
  const file = lockFile(session);
  const own = kind === 'git' || existsSync(file) ? file : '';
  const key = JSON.stringify([session.identity?.name, environment.doppler, kind, own]);
  const opened = records.get(key) ?? openRecord(session, environment);
  records.set(key, opened);
  return opened;
}

/** Where the records of an environment are, and the keys that seal them; makes this machine's key where that one seals and is missing. */
export async function openRecord(session: Session, environment: Environment): Promise<OpenRecord> {
  const kind = session.project.ledger(environment.name);
  const { stateDir } = session.directories;
  if (kind === 'machine') {
    const own = await ownKey(stateDir, keyName(environment));
    const all: LedgerKey[] = [own];
    const keys = { active: own, all };
    // The shared keys join once something that they sealed is taken over.
    const former =
      (other: LedgerPlace): FormerHome =>
      async () => {
        if (other === 'git' && !existsSync(lockFile(session))) return undefined;
        const shared = await sharedKeysIfThere(session, environment);
        if (shared === undefined) return undefined;
        all.push(...shared.all.filter(({ id }) => !all.some((key) => key.id === id)));
        return homeOf(other, session, environment, keys);
      };
    return { keys, home: movingHome(machineHome({ stateDir, keys }), [former('git'), former('doppler')]) };
  }
  const shared = await requireSharedKeys(session, environment, `ledger: ${kind}`);
  const own = await ownKeyIfThere(stateDir, keyName(environment));
  // What this machine sealed before the record was shared counts until it is sealed anew.
  const keys = own === undefined ? shared : { active: shared.active, all: [...shared.all, own] };
  const machine: FormerHome = () => Promise.resolve(own && machineHome({ stateDir, keys }));
  const other: FormerHome = async () =>
    kind === 'git' || existsSync(lockFile(session)) ? homeOf(kind === 'git' ? 'doppler' : 'git', session, environment, keys) : undefined;
  return { keys, home: movingHome(await homeOf(kind, session, environment, keys), [machine, other]) };
}

async function homeOf(kind: LedgerPlace, session: Session, environment: Environment, keys: LedgerKeys): Promise<LedgerHome> {
  if (kind === 'machine') return machineHome({ stateDir: session.directories.stateDir, keys });
  if (kind === 'git') return gitHome({ file: lockFile(session), keys });
  return sharedHome({ store: await openStore(session, environment), keys });
}

/** Where a shared record and its history lie at Doppler. */
export async function openStore(session: Session, environment: Environment): Promise<SharedStore> {
  return recordStore(await recordClient(session), environment.doppler);
}

/** A service token opens one config, and the record lies in another: that one may have a token of its own. */
async function recordClient(session: Session): Promise<DopplerClient> {
  const token = session.env['DCS_LEDGER_TOKEN']?.trim();
  if (!token) return dopplerClient(session);
  return clientOf(session, token);
}

/** The keys that all machines have; undefined where this environment has none. */
export async function sharedKeysIfThere(session: Session, { doppler }: Environment): Promise<LedgerKeys | undefined> {
  const client = await dopplerClient(session);
  const answer = await client.secrets(doppler.project, doppler.config, { names: [LEDGER_KEY] });
  if (answer === 'not-modified') throw new DcsError('NETWORK', 'Doppler answered "not modified" to a full read.');
  const secret = answer.secrets.get(LEDGER_KEY);
  if (secret === undefined) return undefined;
  if (secret.computed !== null) return sharedKeys(secret.computed);
  throw new DcsError('AUTH', `${LEDGER_KEY} in Doppler ${doppler.project}/${doppler.config} may not be read with this token.`, {
    why: 'Its visibility is "restricted": only service tokens and service accounts read it. Nothing was written.',
    hint: `set the visibility of ${LEDGER_KEY} to masked`,
  });
}

export async function requireSharedKeys(session: Session, environment: Environment, what: string): Promise<LedgerKeys> {
  const keys = await sharedKeysIfThere(session, environment);
  if (keys) return keys;
  const { project, config } = environment.doppler;
  throw new DcsError('CONFIG', `${what} needs the secret ${LEDGER_KEY} in Doppler ${project}/${config}.`, {
    why: 'Machines that share a record or a plan need one key; it never leaves Doppler. Nothing was written.',
    hint: [
      `dcs doctor --fix -e ${environment.name}     makes it, after asking`,
      `openssl rand -base64 32 | doppler secrets set ${LEDGER_KEY} -p ${project} -c ${config} --no-interactive`,
    ],
  });
}

/** What seals saved plans: a plan is made on one machine and applied on another. */
export const planKeys = (session: Session, environment: Environment): Promise<LedgerKeys> =>
  requireSharedKeys(session, environment, 'A saved plan');

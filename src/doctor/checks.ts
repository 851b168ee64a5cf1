import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { unmetRules } from '../config/secret-rules.ts';
import { dopplerClient, sourceOf } from '../doppler-access.ts';
import { chooseTargets, makeJobs } from '../jobs.ts';
import { CONTRACT } from '../registry.ts';
import { services, signedIn } from '../services.ts';
import type { Session } from '../session.ts';
import { attempt, ok, problem, warning, type DoctorFinding } from './finding.ts';

const ALL = { only: [], except: [], prune: false };

export function checkPrograms(session: Session, version: string): Promise<readonly DoctorFinding[]> {
  return attempt('dcs', () =>
    Promise.resolve(
      ok(
        'dcs',
        `${version} on Node ${process.versions.node}; ${session.registry.plugins.map((plugin) => `${plugin.name} ${plugin.version}`).join(', ') || 'no plugins'}`,
      ),
    ),
  );
}

/** Each plugin is loaded: a broken or incompatible one is named here, and fails elsewhere only when used. */
export async function checkPlugins({ registry }: Session): Promise<readonly DoctorFinding[]> {
  const all = [...registry.targets.values(), ...registry.services.values(), ...registry.detectors];
  const found = await Promise.all(
    all.map(async (registration): Promise<readonly DoctorFinding[]> => {
      const { plugin } = registration;
      try {
        await registration.load();
        return [];
      } catch (error) {
        const broken =
          error instanceof Error && error.name === 'DcsError'
            ? error
            : new DcsError('CONFIG', `${plugin.name} ${plugin.version} does not load.`, { hint: `install ${plugin.name} again` });
        return [problem('plugins', broken)];
      }
    }),
  );
  const broken = found.flat();
  return broken.length > 0 ? broken : [ok('plugins', `${registry.plugins.length} loaded, contract ${CONTRACT}`)];
}

export function checkEnvironment(session: Session): Promise<readonly DoctorFinding[]> {
  return attempt('dcs.yaml', () => {
    const { line } = session.choose(true);
    const where = session.project.file ?? 'dcs.yaml';
    const found = [ok('dcs.yaml', `${where}; ${line}`), ...session.project.notices.map((notice) => warning('dcs.yaml', notice))];
    const loose = [...session.project.environments.values()].filter(({ unprotected }) => unprotected).map(({ name }) => name);
    return Promise.resolve(
      loose.length > 0 ? [...found, warning('dcs.yaml', `${loose.join(', ')} is UNPROTECTED: a plain --yes writes to it`)] : found,
    );
  });
}

export async function checkServices(session: Session): Promise<readonly DoctorFinding[]> {
  const types = new Set([...session.project.targets.values()].map(({ type }) => type.split('-')[0]!));
  const found = await Promise.all((await services(session)).map((service) => signedIn(session, service)));
  return found.flatMap(({ service, credential, who, error }): DoctorFinding[] => {
    const { title } = service;
    if (error !== undefined) return [problem(title, error)];
    if (!credential) {
      const needed = service.id === 'doppler' || types.has(service.id);
      const hint = [`dcs login ${service.id}`];
      return needed
        ? [problem(title, new DcsError('AUTH', 'no credential that dcs can use', { hint }))]
        : [warning(title, 'no credential; no target needs it')];
    }
    return [
      ok(title, `${who!.account}, ${credential.from}; ${who!.rights.join(', ')}`),
      ...who!.warnings.map((each) => warning(title, each)),
      ...expiring(title, who!.expires),
    ];
  });
}

function expiring(title: string, expires: string | undefined): DoctorFinding[] {
  if (expires === undefined) return [];
  const days = (new Date(expires).getTime() - Date.now()) / 86_400_000;
  return days < 7 ? [warning(title, `the credential expires ${expires.slice(0, 10)}`)] : [];
}

/** Reads every environment of Doppler, and lists every target of it. */
export async function checkTargets(session: Session): Promise<readonly DoctorFinding[]> {
  const all = await Promise.all([...session.project.environments.keys()].map((name) => checkOne(session, name)));
  return all.flat();
}

async function checkOne(session: Session, name: string): Promise<readonly DoctorFinding[]> {
  const environment = session.choose(true, name);
  const takes = [...session.project.targets.values()].some(({ environments }) => environments.includes(name));
  const where = `${environment.doppler.project}/${environment.doppler.config}`;
  const reads = await attempt(`Doppler ${where}`, async () => {
    const client = await dopplerClient(session);
    const read = await sourceOf(session, client, environment).read();
    const unmet = unmetRules(session.project.secretRules, name, read?.secrets ?? new Map());
    const limits = client.lastLimits;
    const low = limits && limits.remaining < limits.limit / 10;
    return [
      low
        ? warning(`Doppler ${where}`, `${limits.remaining} of ${limits.limit} requests left this minute`)
        : ok(`Doppler ${where}`, 'readable'),
      ...unmet.map(({ name: secret, problem: why, owner }) =>
        warning(`Doppler ${where}`, `${secret} ${why}; dcs.yaml wants it`, owner === undefined ? [] : [`ask ${owner}`]),
      ),
    ];
  });
  if (!takes) return reads;
  const targets = await attempt(`targets of ${name}`, async () => {
    const client = await dopplerClient(session);
    const { jobs } = await makeJobs(session, environment, sourceOf(session, client, environment), chooseTargets(session, [], name), ALL);
    const found = await Promise.all(
      jobs.map(({ name: target, target: api, home, place }) =>
        attempt(`${target} ${name}`, async () => {
          const identity = await api.identify();
          const record = await home.load(place);
          return [
            ok(`${target} ${name}`, identity.title),
            ...(record ? [] : [warning(`${target} ${name}`, 'never synced from this machine', [`dcs diff -e ${name}`])]),
          ];
        }),
      ),
    );
    return found.flat();
  });
  return [...reads, ...targets];
}

/** Folders and files that hold keys, records or tokens are for their owner alone. */
export async function checkFolders({ directories }: Session): Promise<readonly DoctorFinding[]> {
  const folders = [directories.stateDir, directories.configDir, directories.cacheDir, join(directories.stateDir, 'keys')];
  const found = await Promise.all(folders.map(checkMode));
  const wide = found.flat();
  return wide.length > 0 ? wide : [ok('folders', 'state, config and cache are yours alone')];
}

async function checkMode(path: string): Promise<readonly DoctorFinding[]> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) return [];
    return [
      {
        what: 'folders',
        level: 'problem',
        code: 'CONFIG',
        message: `${path} is open to others (mode ${(mode & 0o777).toString(8)})`,
        hints: ['dcs doctor --fix'],
        fix: () => chmod(path, 0o700),
      },
    ];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    return [problem('folders', new DcsError('CONFIG', `${path} cannot be read.`, { hint: 'look at its owner' }))];
  }
}

import { DcsError, isDcsError } from 'dcs-sdk';
import type { Project } from '../config/project.ts';
import { installed } from '../plugins/installed.ts';
import { refuseChangedAnywhere } from '../plugins/seal.ts';
import { refuseOtherContract } from '../plugins/usable.ts';
import { CONTRACT } from '../registry.ts';
import { serviceOf, services, signedIn } from '../services.ts';
import type { Session } from '../session.ts';
import { attempt, ok, problem, warning, type DoctorFinding } from './finding.ts';

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

/** Each plugin is loaded, every file of an installed one compared: what is wrong is named here, and fails elsewhere only when used. */
export async function checkPlugins({ registry, directories: { dataDir } }: Session): Promise<readonly DoctorFinding[]> {
  const listed = await attempt('plugins', () => Promise.resolve(checkFiles(dataDir, registry)));
  const all = [...registry.targets.values(), ...registry.sources.values(), ...registry.services.values(), ...registry.adapters.values()];
  const loads = await Promise.all(
    [...all, ...registry.detectors].map(async (registration): Promise<readonly DoctorFinding[]> => {
      try {
        await registration.load();
        return [];
      } catch (error) {
        return [problem('plugins', isDcsError(error) ? error : broken(registration.plugin.name, registration.plugin.version))];
      }
    }),
  );
  const contracts = registry.plugins.flatMap((plugin) => refusal(() => refuseOtherContract(plugin)));
  const wrong = [...new Map([...listed, ...contracts, ...loads.flat()].map((finding) => [finding.message, finding])).values()];
  return wrong.length > 0 ? wrong : [ok('plugins', `${registry.plugins.length} loaded, contract ${CONTRACT}`)];
}

const broken = (name: string, version = ''): DcsError =>
  new DcsError('CONFIG', `${name} ${version}`.trim() + ' does not load.', {
    hint: [`dcs plugins install ${name}`, `dcs plugins uninstall ${name}`],
  });

function checkFiles(dataDir: string, { plugins }: Session['registry']): DoctorFinding[] {
  return installed(dataDir).flatMap(({ name, type, root, seal }) => {
    if (!plugins.some((plugin) => plugin.name === name)) return [problem('plugins', broken(name, seal?.version))];
    return type === 'link' ? [] : refusal(() => refuseChangedAnywhere(root, name));
  });
}

function refusal(check: () => void): DoctorFinding[] {
  try {
    check();
    return [];
  } catch (error) {
    return [problem('plugins', error)];
  }
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

/** `projects`: whose targets and sources need the services. */
export async function checkServices(session: Session, projects: readonly Project[]): Promise<readonly DoctorFinding[]> {
  const types = new Set(projects.flatMap(({ targets, sources }) => [...targets.values(), ...sources.values()].map(({ type }) => type)));
  const needs = new Set(await Promise.all([...types].map((type) => serviceOf(session, type))));
  const found = await Promise.all((await services(session)).map((service) => signedIn(session, service)));
  return found.flatMap(({ service, credential, who, error }): DoctorFinding[] => {
    const { title } = service;
    const needed = service.id === 'doppler' || needs.has(service.id);
    // What no target needs is no reason to be alarmed.
    if (error !== undefined) return needed ? [problem(title, error)] : [warning(title, `${wordsOf(error)} No target needs it.`)];
    if (!credential) {
      const hint = [`dcs login ${service.id}`];
      return needed
        ? [problem(title, new DcsError('AUTH', 'no credential that dcs can use', { hint }))]
        : [ok(title, 'no credential; no target needs it')];
    }
    const { account, rights, warnings, expires } = who!;
    return [
      ok(title, `${account}, ${credential.from}; ${rights.join(', ')}`),
      ...(needed ? [...warnings.map((each) => warning(title, each)), ...expiring(title, expires)] : []),
    ];
  });
}

function wordsOf(error: unknown): string {
  if (!isDcsError(error)) throw error;
  return error.message;
}

function expiring(title: string, expires: string | undefined): DoctorFinding[] {
  if (expires === undefined) return [];
  const days = (new Date(expires).getTime() - Date.now()) / 86_400_000;
  return days < 7 ? [warning(title, `the credential expires ${expires.slice(0, 10)}`)] : [];
}

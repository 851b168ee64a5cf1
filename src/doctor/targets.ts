import { DcsError, isDcsError, type Environment } from 'dcs-sdk';
import type { TargetEntry } from '../config/project.ts';
import { chooseTargets, definitionOf, optionsOf, placeOf } from '../jobs.ts';
import { serviceOf, services } from '../services.ts';
import { refuseMixedHosts, type Session } from '../session.ts';
import { checkReading, ifSignedIn, type Doppler } from './doppler.ts';
import { attempt, ok, warning, type DoctorFinding } from './finding.ts';
import { recordsOf, type Records } from './record.ts';

/** Reads every environment of Doppler that the token opens, and lists every target of it. */
export async function checkTargets(session: Session, doppler: Doppler): Promise<readonly DoctorFinding[]> {
  const all = await Promise.all(
    [...session.project.environments.values()].map(({ name, config }) => checkOne(session, name, config, doppler)),
  );
  return all.flat();
}

async function checkOne(session: Session, name: string, config: string, doppler: Doppler): Promise<readonly DoctorFinding[]> {
  const opens = (await ifSignedIn(doppler))?.token.environment;
  if (opens !== undefined && opens !== config)
    return [warning(`Doppler ${session.project.doppler.project}/${config}`, `not looked at: the service token opens ${opens} alone`)];
  const environment = session.choose(true, name);
  const takes = [...session.project.targets.values()].some(({ environments }) => environments.includes(name));
  const [reads, targets] = await Promise.all([
    checkReading(session, environment, doppler),
    takes ? attempt(`targets of ${name}`, () => checkEach(session, environment, doppler)) : [],
  ]);
  return [...reads, ...targets];
}

async function checkEach(session: Session, environment: Environment, doppler: Doppler): Promise<readonly DoctorFinding[]> {
  await doppler(); // without a credential no record can be opened
  const records = recordsOf(session, environment);
  const entries = chooseTargets(session, [], environment.name);
  const found = await Promise.all(entries.map((entry) => checkTarget(session, environment, entry, records)));
  return found.flat();
}

async function checkTarget(
  session: Session,
  environment: Environment,
  entry: TargetEntry,
  records: Records,
): Promise<readonly DoctorFinding[]> {
  const what = `${entry.name} ${environment.name}`;
  return attempt(what, async () => {
    const definition = await definitionOf(session, entry);
    const options = await optionsOf(session, entry, environment.name, definition);
    const endpoint = definition.endpoint(session.env);
    refuseMixedHosts(session.dopplerHost, [{ name: definition.title, endpoint }]);
    const target = definition.connect(options, session.context(definition.title, endpoint));
    const place = placeOf(definition, options, session.env, entry.singleValue ? '*' : environment.name);
    const [lists, record] = await Promise.all([
      attempt(what, async () => {
        try {
          const { title } = await target.identify();
          await target.list(new Set());
          return ok(what, title);
        } catch (error) {
          throw await granting(session, entry, error);
        }
      }),
      attempt(what, () => records(what, place)),
    ]);
    return [...lists, ...record];
  });
}

/** Of a refusal for want of rights: what to grant, as the platform's own plugin words it. */
async function granting(session: Session, { type }: TargetEntry, error: unknown): Promise<unknown> {
  if (!isDcsError(error) || error.details.status !== 403) return error;
  const wanted = await serviceOf(session, type);
  const service = (await services(session)).find(({ id }) => id === wanted);
  if (!service) return error;
  const { rights, tokenPage } = service.login;
  const hint = [`grant the token ${rights}: ${tokenPage}`, ...[error.details.hint ?? []].flat()];
  return new DcsError(error.code, error.message, { ...error.details, hint });
}

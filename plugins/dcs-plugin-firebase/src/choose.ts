import { DcsError, type Host } from 'dcs-sdk';
import { findProject, projectOption } from './project.ts';

/** The project of an environment: said, in dcs.yaml, or the only one that .firebaserc names. */
export async function chooseProject(host: Host, said: string | undefined): Promise<string> {
  if (said !== undefined) return said;
  const environment = await host.environment();
  const ids = new Set((await host.targets(['firebase'], environment)).map(({ options }) => options['project_id']));
  const [only, ...others] = [...ids].filter((id) => typeof id === 'string');
  if (only !== undefined && others.length === 0) return only;
  const found = await findProject(host.root);
  const option = found && projectOption(found);
  const written = typeof option === 'object' ? option[environment.name] : option;
  if (only === undefined && written !== undefined) return written;
  throw new DcsError('USAGE', `Which Firebase project is ${environment.name}?`, {
    hint: ['--project ID', 'dcs provision firebase     writes it into dcs.yaml'],
  });
}

import { DcsError, type Environment, type MadeConfig, type MadeConfigs } from 'dcs-sdk';
import { dopplerClient } from './doppler-access.ts';
import type { DopplerClient } from './doppler/client.ts';
import { readSecrets } from './doppler/source.ts';
import { provision } from './into/provision.ts';
import type { Session } from './session.ts';

/** Says that dcs made a branch config, and what for. As every DCS_* name it goes to no target. */
const MARK = 'DCS_MADE_FOR';

/** Branch configs that dcs makes for a while (sdk/src/host.ts says what each member promises). */
export function madeConfigs(session: Session): MadeConfigs {
  const client = (): Promise<DopplerClient> => dopplerClient(session);
  return {
    async list(environment, prefix) {
      const doppler = await client();
      const { project, config } = environment.doppler;
      const all = (await doppler.configs(project)).filter(({ name, root }) => !root && name.startsWith(`${config}_${prefix}`));
      const marked = await Promise.all(
        all.map(async ({ name }): Promise<[string, MadeConfig][]> => {
          const mark = await markOf(doppler, project, name);
          return mark === undefined ? [] : [[name, { environment: branchOf(environment, name), mark }]];
        }),
      );
      return new Map(marked.flat());
    },
    async make(environment, name, mark) {
      const doppler = await client();
      const made = branchOf(environment, `${environment.doppler.config}_${name}`);
      const { project, config } = made.doppler;
      await provision(doppler, project, [{ environment: made.name, config }], () => undefined);
      const found = await markOf(doppler, project, config);
      if (found === mark) return made;
      if (found !== undefined || !(await isNew(doppler, project, environment.doppler.config, config))) throw taken(project, config);
      await doppler.change(project, config, [{ name: MARK, was: null, value: mark }]);
      return made;
    },
    async remove({ environment, mark }) {
      const doppler = await client();
      const { project, config } = environment.doppler;
      if (!(await exists(doppler, project, config))) return;
      if ((await markOf(doppler, project, config)) !== mark) throw taken(project, config);
      await doppler.deleteConfig(project, config);
    },
  };
}

const branchOf = (environment: Environment, name: string): Environment => ({
  ...environment,
  name,
  doppler: { ...environment.doppler, config: name },
  branchOf: environment.name,
});

async function markOf(client: DopplerClient, project: string, config: string): Promise<string | undefined> {
  return (await readSecrets(client, project, config)).get(MARK)?.computed ?? undefined;
}

async function exists(client: DopplerClient, project: string, config: string): Promise<boolean> {
  return (await client.configs(project)).some(({ name }) => name === config);
}

/** It holds what it inherits and nothing of its own: a run that was cut off made it. */
async function isNew(client: DopplerClient, project: string, root: string, config: string): Promise<boolean> {
  const [theirs, own] = await Promise.all([root, config].map((each) => readSecrets(client, project, each)));
  return own!.size === theirs!.size && [...own!].every(([name, { raw }]) => raw !== null && theirs!.get(name)?.raw === raw);
}

const taken = (project: string, config: string): DcsError =>
  new DcsError('CONFLICT', `Doppler ${project}/${config} was not made for this.`, {
    why: `Its ${MARK} is missing or says something else, and it may hold what somebody needs. It was left as it is.`,
    hint: 'another name, or delete that config in Doppler',
  });

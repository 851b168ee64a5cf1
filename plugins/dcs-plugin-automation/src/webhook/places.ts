import { DcsError, type DopplerWebhook, type DopplerWebhooks, type Host } from 'dcs-sdk';
import { allowedOf, type Allowed } from './allowed.ts';

/** The webhooks of a Doppler project, and the configs of it that triggers name. */
export interface Place {
  readonly project: string;
  readonly api: DopplerWebhooks;
  readonly webhooks: readonly DopplerWebhook[];
  readonly configs: readonly string[];
}

/** What triggers name, or of that the one environment that -e says. */
export async function wanted(host: Host, env: string | undefined): Promise<readonly Allowed[]> {
  const allowed = [...(await allowedOf(host)).values()];
  if (env === undefined) return allowed;
  const { name } = await host.environment();
  const found = allowed.filter(({ environment }) => environment === name);
  if (found.length > 0) return found;
  throw new DcsError('CONFIG', `No webhook trigger of dcs.yaml names ${name}.`, {
    hint: `triggers: [{type: webhook, environment: ${name}}]`,
  });
}

export async function placesOf(host: Host, allowed: readonly Allowed[]): Promise<readonly Place[]> {
  const projects = Map.groupBy(allowed, ({ project }) => project);
  return Promise.all(
    [...projects].map(async ([project, own]) => {
      const api = await host.webhooks(project);
      return { project, api, webhooks: await api.list(), configs: own.map(({ config }) => config) };
    }),
  );
}

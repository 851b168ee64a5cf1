import type { DopplerWebhook, DopplerWebhooks, Host } from 'dcs-sdk';
import type { Allowed } from './allowed.ts';

/** The webhooks of a Doppler project, and the configs of it that triggers name. */
export interface Place {
  readonly project: string;
  readonly api: DopplerWebhooks;
  readonly webhooks: readonly DopplerWebhook[];
  readonly configs: readonly string[];
}

export async function placesOf(host: Host, allowed: ReadonlyMap<string, Allowed>): Promise<readonly Place[]> {
  const projects = Map.groupBy(allowed.values(), ({ project }) => project);
  return Promise.all(
    [...projects].map(async ([project, own]) => {
      const api = await host.webhooks(project);
      return { project, api, webhooks: await api.list(), configs: own.map(({ config }) => config) };
    }),
  );
}

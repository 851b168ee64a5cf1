import { fieldsOf, listOf, optionalText, textOf } from './answers.ts';

/** One of Doppler's own syncs. Its API tells which config it sends and to which platform, not to which project or account of it. */
export interface NativeSync {
  /** What people call the integration. */
  readonly name: string;
  /** `gcp_secret_manager`. */
  readonly type: string;
  readonly project: string;
  readonly config: string;
  readonly last: string | undefined;
}

/** The syncs that run, out of the answer to `GET /v3/integrations`: https://docs.doppler.com/reference/integrations-list (last verified 2026-11-21). */
export function nativeSyncsOf(body: unknown): NativeSync[] {
  const what = 'the integrations';
  return listOf(body, 'integrations', what).flatMap((integration) => {
    if (integration['enabled'] === false || integration['syncs'] === undefined) return [];
    const name = optionalText(integration, 'name') ?? textOf(integration, 'slug', what);
    const type = textOf(integration, 'type', what);
    return listOf(integration, 'syncs', what)
      .map((sync) => fieldsOf(sync, what))
      .filter((sync) => sync['enabled'] !== false)
      .map((sync) => ({
        name,
        type,
        project: textOf(sync, 'project', what),
        config: textOf(sync, 'config', what),
        last: optionalText(sync, 'lastSyncedAt'),
      }));
  });
}
